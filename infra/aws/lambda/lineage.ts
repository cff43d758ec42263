import { createHash } from 'node:crypto'
import { randomHex } from '../random-hex.ts'
import { LAMBDA_LIMITS } from './limits.ts'

/** What an invocation carries of the chain of requests that led to it. */
export interface Lineage {
  /** For `_X_AMZN_TRACE_ID`: the SDK sends it on with each call that the function makes. */
  readonly traceId: string
  /** How often this chain had invoked the function before. */
  readonly before: number
}

/**
 * Lambda counts, in the trace header that comes with a request, how often one chain of requests invoked a function, and
 * writes the count into the header that the function passes on. A request without the header begins a chain.
 *
 *   Root=1-6925…;Parent=4f1a…;Sampled=0;Lineage=1:9d2f01ab:3|c4118e07:0
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
 * https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
 * (`Lineage=12326a9d:0` as somebody saw it: github.com/DataDog/datadog-lambda-java/issues/89)
 */
export function lineage(functionName: string, header: string | undefined, now: number): Lineage {
  const fields = new Map((header ?? '').split(';').map((field) => pair(field.trim(), '=')))
  const [version, counted] = countsIn(fields.get('Lineage'))
  const own = createHash('sha256').update(functionName).digest('hex').slice(0, 8)
  const before = counted.has(own) ? (counted.get(own) ?? 0) + 1 : 0
  const counts = [...counted.set(own, before)].map(([name, count]) => `${name}:${count}`).join('|')
  const root = fields.get('Root') ?? newRoot(now)
  const traceId = `Root=${root};Parent=${randomHex(16)};Sampled=0;Lineage=${version}:${counts}`
  return { traceId, before }
}

/** Whether Lambda stops it, unless the function is allowed to recur. */
export function isLoop({ before }: Lineage): boolean {
  return before >= LAMBDA_LIMITS.invocationsInAChain
}

/** `1:9d2f01ab:3|c4118e07:0`; the number in front may be missing. What is no count is passed over. */
function countsIn(text = ''): [version: string, counts: Map<string, number>] {
  const [, version = '1', rest = ''] = /^(?:(\d+):(?=[^|]*:))?(.*)$/.exec(text) ?? []
  const counts = rest
    .split('|')
    .map((each) => pair(each, ':'))
    .filter(([name, count]) => name !== '' && /^\d+$/.test(count))
  return [version, new Map(counts.map(([name, count]) => [name, Number(count)]))]
}

function pair(text: string, by: string): [string, string] {
  const at = text.indexOf(by)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function newRoot(now: number): string {
  return `1-${Math.floor(now / 1000)
    .toString(16)
    .padStart(8, '0')}-${randomHex(24)}`
}
