import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { database, useEngine } from '../kit/database.ts'
import { storeTests } from '../kit/store-tests.ts'
import { secondEngine, secondEngineFile, type SecondEngine } from '../kit/second-engine.ts'

const file = secondEngineFile()

const bodies = storeTests()

describe('the tests of the stores', () => {
  it('are found', () => {
    expect(bodies.length).toBeGreaterThan(6)
  })
})

/** One engine for all of them, a table for each test. */
describe.skipIf(file === undefined)(
  'on a second engine, dynoxide (skipped where npm did not install @dynoxide/linux-x64)',
  async () => {
    let engine: SecondEngine | undefined
    beforeAll(async () => {
      engine = await secondEngine(file ?? '')
      useEngine(engine.url)
    })
    afterAll(async () => {
      useEngine(undefined)
      await engine?.stop()
    })
    it('has the tables that they make', async () => {
      await database()
      const credentials = { accessKeyId: 'test', secretAccessKey: 'local' }
      const client = new DynamoDBClient({ endpoint: engine?.url ?? '', region: 'local', credentials })
      expect((await client.send(new ListTablesCommand())).TableNames).toHaveLength(1)
      client.destroy()
    })
    for (const name of bodies) await import(`./${name}`)
  },
)
