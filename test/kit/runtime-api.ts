import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { bodyBytes, loopback } from '../../infra/aws/loopback.ts'

/** What a function made of one event. */
export interface Outcome {
  /** `response`: its result. `error`: it failed. `init/error`: it did not start. `exit`: its process ended without a word. */
  readonly kind: 'response' | 'error' | 'init/error' | 'exit'
  readonly value: unknown
}

const PACKAGE = '../../.local/judges/ric/node_modules/aws-lambda-ric'

/** AWS's runtime interface client, where `.ci/run` installed it; undefined where it could not: it builds native code. */
export function runtimeClientFile(): string | undefined {
  const folder = join(import.meta.dirname, PACKAGE)
  return existsSync(join(folder, 'rapid-client.node')) ? join(folder, 'index.mjs') : undefined
}

const BASE = '/2018-06-01/runtime'
const MOST_BYTES = 6 * 1024 * 1024

/**
 * Starts a function under AWS's runtime interface client, as Lambda does, gives it one event and ends it.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 *
 * @param variables of its environment: `_HANDLER` and `LAMBDA_TASK_ROOT` among them
 */
export async function answeredOnce(
  client: string,
  variables: Readonly<Record<string, string>>,
  event: unknown,
): Promise<Outcome> {
  const posted = Promise.withResolvers<Outcome>()
  const requestId = randomUUID()
  let given = false

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '' } = request
    const body = await bodyBytes(request, MOST_BYTES)
    if (method === 'GET' && url === `${BASE}/invocation/next`) {
      // There is one event: a request for the next waits, as in an environment that is idle.
      if (given) return
      given = true
      response.writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': requestId,
        'lambda-runtime-deadline-ms': String(Date.now() + 900_000),
        'lambda-runtime-invoked-function-arn': `arn:aws:lambda:local:000000000000:function:${variables['AWS_LAMBDA_FUNCTION_NAME']}`,
      })
      response.end(JSON.stringify(event))
      return
    }
    response.writeHead(202).end('{"status":"OK"}')
    const kind = url.slice(`${BASE}/`.length).replace(`invocation/${requestId}/`, '')
    const value: unknown = JSON.parse(body?.toString() || 'null')
    if (kind === 'response' || kind === 'error' || kind === 'init/error') posted.resolve({ kind, value })
  }

  const api = await loopback(0, respond)
  const environment = { ...variables, AWS_LAMBDA_RUNTIME_API: api.url.replace('http://', '') }
  const child = spawn(process.execPath, [client, variables['_HANDLER'] ?? ''], {
    cwd: variables['LAMBDA_TASK_ROOT'],
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => said.push(data.toString()))
  const ended = once(child, 'exit')
  const outcome = await Promise.race([
    posted.promise,
    ended.then((): Outcome => ({ kind: 'exit', value: said.join('') })),
  ])
  child.kill('SIGKILL')
  await ended
  await api.stop()
  return outcome
}
