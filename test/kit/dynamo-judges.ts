import { once } from 'node:events'
import dynalite from 'dynalite'
import { engine } from '../../infra/aws/dynamo/engine.ts'
import type { Body } from '../../infra/aws/dynamo/failure.ts'
import { secondEngine, secondEngineFile } from './second-engine.ts'

/** An engine that answers DynamoDB's operations, below HTTP's and the SDK's matters. */
export interface Judged {
  readonly ask: (operation: string, request: Body) => Promise<Answer>
  readonly stop: () => Promise<void>
}

export interface Answer {
  /** The error's name; absent: it was done. */
  readonly error?: string
  readonly body: Body
}

/** The embedded one. */
export function ours(): Judged {
  const own = engine()
  return {
    async ask(operation, request) {
      const { status, body } = own.answer(operation, request)
      return answerOf(status, body)
    },
    stop: async () => own.close(),
  }
}

/** dynalite, which was tried against AWS in its day, in this process. */
export async function dynaliteJudge(): Promise<Judged> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  return {
    ask: asking(url),
    async stop() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** dynoxide, in a process of its own; undefined where npm did not install it. */
export async function dynoxideJudge(): Promise<Judged | undefined> {
  const file = secondEngineFile()
  if (file === undefined) return undefined
  const { url, stop } = await secondEngine(file)
  return { ask: asking(url), stop }
}

/** Neither of them looks at the signature. */
const HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20260101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=00',
}

function asking(url: string): Judged['ask'] {
  return async (operation, request) => {
    const headers = { ...HEADERS, 'x-amz-target': `DynamoDB_20120810.${operation}` }
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(request) })
    const body: unknown = await response.json()
    return answerOf(response.status, Object(body))
  }
}

function answerOf(status: number, body: Body): Answer {
  return status < 400 ? { body } : { error: String(body['__type']).replace(/^.*#/, ''), body }
}
