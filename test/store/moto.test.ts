import { DescribeTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { database, useEngine } from '../kit/database.ts'
import { moto, MOTO, motoFile, WRITES_IN_TWO_STEPS, type Moto } from '../kit/moto.ts'
import { storeTests } from '../kit/store-tests.ts'

const file = motoFile()

/** One moto for all of them, a table for each test. */
describe.skipIf(file === undefined)(
  'on a third engine, moto (skipped where .ci/run could not install it)',
  async () => {
    let engine: Moto | undefined
    beforeAll(async () => {
      engine = await moto(file ?? '')
      // It is slow, in Python: each run has other cases, and the two engines before have all of them.
      useEngine(engine.url, MOTO, { writesInTwoSteps: WRITES_IN_TWO_STEPS, shareOfCases: 1 / 3 })
    })
    afterAll(async () => {
      useEngine(undefined)
      await engine?.stop()
    })
    it('has the tables that they make', async () => {
      await database()
      const client = new DynamoDBClient({ endpoint: engine?.url ?? '', ...MOTO })
      const { TableNames: [TableName] = [] } = await client.send(new ListTablesCommand())
      const { Table } = await client.send(new DescribeTableCommand({ TableName }))
      expect(Table?.TableArn).toMatch(/^arn:aws:dynamodb:eu-central-1:123456789012:table\/test-/)
      client.destroy()
    })
    for (const name of storeTests()) await import(`./${name}`)
  },
)
