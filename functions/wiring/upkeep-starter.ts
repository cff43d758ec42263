import { directCalls } from '../../shared/rules/aws/calls.ts'
import type { Answer } from '../../shared/http/answer.ts'
import { exchange } from '../../shared/http/exchange.ts'
import { requestBytes } from '../../shared/http/request.ts'
import { signer } from '../../shared/sdk/signature.ts'
import { measure } from '../envelope/metrics.ts'
import { lambdaClock } from '../listening/pause.ts'
import type { StartUpkeep } from '../listening/upkeep.ts'
import { credentialsHere, endpointOf, variable } from './environment.ts'
import { patiently, type Reply } from './patience.ts'

/** Longest time, in milliseconds, in which it is tried again: a login waits for it, and the schedule mends what fails. */
const START_MS = 5_000

/**
 * Starts upkeep by Lambda's `Invoke`, as an event: answered once it is queued.
 *
 * @throws (when starting) Error with the name that Lambda gave, or that of the network's error
 */
export function upkeepStarter(): StartUpkeep {
  const invoke = invoking(variable('UPKEEP_FUNCTION'))
  return async (event) => {
    const body = JSON.stringify(event)
    const patience = { clock: lambdaClock, random: Math.random, withinMs: START_MS }
    const { fault } = await patiently(async () => invoke(body), patience)
    if (fault === undefined) return
    throw Object.assign(new Error(`upkeep was not started: Lambda answers ${fault}`), { name: fault })
  }
}

/**
 * The SDK's client of Lambda would be 71 KB of login and of upkeep, and 9 ms of the processor whenever one is loaded.
 * test/wiring/upkeep-starter.test.ts holds the request to that client's.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
function invoking(functionName: string): (body: string) => Promise<Reply> {
  const { AWS_REGION: region = '' } = process.env
  const { protocol, host, hostname, port, pathname } = new URL(endpointOf('lambda', region))
  const send = exchange({ protocol, hostname, ...(port !== '' && { port: Number(port) }) }, directCalls('lambda'))
  const sign = signer({ region, service: 'lambda' })
  const path = `${pathname.replace(/\/$/, '')}/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`
  return async (body) => {
    const length = { 'content-length': String(Buffer.byteLength(body)) }
    const headers = { host, 'x-amz-invocation-type': 'Event', ...length, ...chain() }
    const request = { method: 'POST', path, headers, body }
    try {
      return replyOf(await send(requestBytes({ ...request, headers: sign(request, credentialsHere(), new Date()) })))
    } catch (thrown) {
      return { status: 503, fault: thrown instanceof Error ? thrown.name : 'Error' }
    }
  }
}

function replyOf({ statusCode: status, headers }: Answer): Reply {
  if (status === 202) return { status }
  if (status === 429) measure('Throttles', 1, 'lambda')
  return { status, fault: headers['x-amzn-errortype']?.replace(/:.*$/, '') ?? `Status${status}` }
}

/**
 * What Lambda knows a chain of requests by, which it stops when it goes round and round.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
 */
function chain(): Readonly<Record<string, string>> {
  const trace = process.env['_X_AMZN_TRACE_ID']
  return trace === undefined ? {} : { 'x-amzn-trace-id': trace }
}
