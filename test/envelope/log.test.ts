import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const LOG = join(import.meta.dirname, '../../functions/envelope/log.ts')

/** What a function writes that does this, in an environment of its own: the lines of both streams, one after the other. */
async function written(code: string, variables: Readonly<Record<string, string>> = {}): Promise<unknown[]> {
  const module = `import { debug, failure, inContext, log, why } from ${JSON.stringify(LOG)}\n${code}`
  const env = { ...process.env, ...variables }
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', module], { env })
  return `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): unknown => JSON.parse(line))
}

const FRAME = `debug('opened', { route: 'status' })`

describe('a line of the log', () => {
  it('is INFO where something happened, WARN where it says why something failed, and ERROR where the service did', async () => {
    const lines = await written(`
      log('logged in', { session: '1-a', device: undefined })
      failure('failed', { function: 'poll', why: 'no table' })
      log('not rung', { session: '1-a', why: why(new Error('away', { cause: new TypeError('no') })) })
    `)
    expect(lines).toEqual([
      { level: 'INFO', what: 'logged in', session: '1-a' },
      { level: 'ERROR', what: 'failed', function: 'poll', why: 'no table' },
      { level: 'WARN', what: 'not rung', session: '1-a', why: 'Error: away because TypeError: no' },
    ])
  })

  it('names the invocation that it is of', async () => {
    const lines = await written(`
      await inContext().before({ event: {}, context: { awsRequestId: 'r-1' }, internal: {} })
      log('listening', { group: 0 })
    `)
    expect(lines).toEqual([{ level: 'INFO', what: 'listening', request: 'r-1', group: 0 }])
  })

  it.each([
    ['0', []],
    ['1', [expect.objectContaining({ level: 'DEBUG' }), { level: 'DEBUG', what: 'opened', route: 'status' }]],
  ])('is DEBUG of a share of %s of the invocations', async (POWERTOOLS_LOGGER_SAMPLE_RATE, lines) => {
    expect(await written(FRAME, { POWERTOOLS_LOGGER_SAMPLE_RATE })).toEqual(lines)
  })
})
