import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PutItemCommand } from '@aws-sdk/client-dynamodb'
import { describe, expect, it, onTestFinished } from 'vitest'
import { engine, type Engine } from '../../../infra/aws/dynamo/engine.ts'
import { ensureTables } from '../../../infra/aws/dynamo/tables.ts'
import { client, key, table } from './harness.ts'

const TableName = table.name

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'kept-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function opened(path: string): Engine {
  const own = engine(path)
  onTestFinished(own.close)
  ensureTables(own, [table])
  return own
}

/** Does something with a kept folder, and closes it. */
function kept(path: string, work: (own: Engine) => void): void {
  const own = engine(path)
  ensureTables(own, [table])
  work(own)
  own.close()
}

const put = (own: Engine, pk: string, more = {}) => own.ask('PutItem', { TableName, Item: { ...key(pk), ...more } })
const get = (own: Engine, pk: string) => own.ask('GetItem', { TableName, Key: key(pk) })['Item']

/** Begins a process that keeps its tables there. @returns its URL, and what kills it */
async function processKeeping(path: string) {
  const program = join(import.meta.dirname, 'kept-process.ts')
  const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [url] = await once(createInterface({ input: child.stdout }), 'line')
  const ended = once(child, 'exit')
  return {
    url: String(url),
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

describe('a kept folder', () => {
  it('has every write that was acknowledged before the process was killed, and is free again', async () => {
    const path = folder()
    const { url, kill } = await processKeeping(path)
    const writer = client(url)
    const acknowledged: string[] = []
    const enough = Promise.withResolvers<void>()
    const write = async (lane: number) => {
      for (let number = 0; ; number++) {
        const pk = `${lane}-${number}`
        await writer.send(new PutItemCommand({ TableName, Item: { ...key(pk), text: { S: pk.repeat(50) } } }))
        acknowledged.push(pk)
        if (acknowledged.length === 150) enough.resolve()
      }
    }
    // Each lane ends with the connection.
    const lanes = Promise.allSettled(Array.from({ length: 8 }, (_, lane) => write(lane)))
    await enough.promise
    await kill()
    await lanes

    const own = opened(path)
    const lost = acknowledged.filter((pk) => get(own, pk) === undefined)
    expect(lost).toEqual([])
    expect(acknowledged.length).toBeGreaterThanOrEqual(150)
  })

  it('cuts a last record that is not whole, and goes on after the one before it', () => {
    const path = folder()
    const file = join(path, 'tables.log')
    let before = 0
    kept(path, (own) => {
      put(own, 'whole')
      before = statSync(file).size
      put(own, 'torn')
    })
    for (const cut of [1, 5, 20]) {
      const torn = statSync(file).size - cut
      if (torn <= before) continue
      truncateSync(file, torn)
      kept(path, (own) => {
        expect(get(own, 'whole')).toEqual(key('whole'))
        expect(get(own, 'torn')).toBeUndefined()
        put(own, 'torn')
      })
    }
    const own = opened(path)
    expect(get(own, 'torn')).toEqual(key('torn'))
  })

  it('makes all writes of a transaction or none, wherever the record is cut', () => {
    const path = folder()
    const file = join(path, 'tables.log')
    kept(path, () => {})
    const before = statSync(file).size
    kept(path, (own) => {
      const both = ['one', 'two'].map((pk) => ({ Put: { TableName, Item: key(pk) } }))
      own.ask('TransactWriteItems', { TransactItems: both })
    })
    const whole = readFileSync(file)
    for (let end = before; end <= whole.length; end += 7) {
      writeFileSync(file, whole.subarray(0, end))
      kept(path, (own) => expect(get(own, 'one') === undefined).toBe(get(own, 'two') === undefined))
    }
  })

  it('is not opened where a record in the middle is damaged: what follows must not be lost in silence', () => {
    const path = folder()
    const file = join(path, 'tables.log')
    kept(path, (own) => {
      put(own, 'one')
      put(own, 'two')
    })
    const bytes = readFileSync(file)
    bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20)
    writeFileSync(file, bytes)
    expect(() => engine(path)).toThrow(/damaged.*Delete the folder to begin anew/)
    // It let go of the folder.
    expect(() => engine(path)).toThrow(/damaged/)
  })

  it('is begun anew when the log has grown, with what there is now', () => {
    const path = folder()
    const padding = { padding: { S: 'x'.repeat(300_000) } }
    kept(path, (own) => {
      put(own, 'other', { n: { N: '7' } })
      for (let count = 0; count < 40; count++) put(own, 'same', { ...padding, n: { N: String(count) } })
    })
    expect(statSync(join(path, 'tables.log')).size).toBeLessThan(9_000_000)
    const own = opened(path)
    expect(get(own, 'same')).toMatchObject({ n: { N: '39' } })
    expect(get(own, 'other')).toEqual({ ...key('other'), n: { N: '7' } })
  })

  it('is taken over from a process that has ended, and from no other', () => {
    const path = folder()
    kept(path, (own) => put(own, 'a'))
    writeFileSync(join(path, 'lock'), '999999999 1')
    const own = opened(path)
    expect(get(own, 'a')).toEqual(key('a'))
    expect(() => engine(path)).toThrow(/cannot be opened.*choose another folder/)
  })

  it('says what to do with tables of an earlier version', () => {
    const path = folder()
    writeFileSync(join(path, 'CURRENT'), 'MANIFEST-000004\n')
    expect(() => engine(path)).toThrow(/earlier version.*Delete the folder to begin anew, or choose another/)
  })
})
