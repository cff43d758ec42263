import { rendered, type AccessLogEntry } from '../../infra/aws/gateway/access-log.ts'
import type { FunctionDescription } from '../../infra/aws/assembly/description.ts'
import type { LambdaLogLine, Report } from '../../infra/aws/lambda/log.ts'
import type { RunningStack } from '../../infra/local/stack.ts'
import { bindingIn } from '../../shared/wire/frame-header.ts'
import { GATEWAY_LIMITS } from '../../shared/rules/aws/gateway-limits.ts'
import { functionNamed } from './crowd.ts'
import { NOTHING, VCPU_MB, type Count } from './prices.ts'

/** Counts what the local stack would be charged for. Hand `log` to Lambda, `access` to the gateway, sockets to `watch`. */
export interface Meter {
  readonly log: (line: LambdaLogLine) => void
  readonly access: (entry: AccessLogEntry) => void
  /** Counts what comes down a device's socket. */
  readonly watch: (socket: WebSocket) => WebSocket
  readonly reset: (running: RunningStack) => void
  /** Since the last reset: what a function took, and where it is a route, its messages both ways. */
  readonly of: (running: RunningStack, name: string) => Count
  /** What loading a function took, the usual time of the environments that were made since the last reset. */
  readonly cold: (running: RunningStack, name: string) => Count
  /** Messages that came down, and were no answers. */
  readonly pushes: () => number
  /** How often a function ran to its end. */
  readonly runs: (running: RunningStack, name: string) => number
}

/** What Lambda reported of a function's runs. */
type Runs = Report[]

/** The middle one: a cold start, or a moment in which this machine did something else, is not what an hour is made of. */
function usual(figures: readonly number[]): number {
  return figures.toSorted((one, other) => one - other)[Math.floor(figures.length / 2)] ?? 0
}

/**
 * Milliseconds of a run where a function has its share of a processor: what it computes takes longer by that, what it
 * waits for does not. Here it waits for this machine's DynamoDB and CWA, and for a processor, too, while that is busy.
 */
function atShare({ durationMs, cpuMs = durationMs }: Report, memoryMb: number): number {
  return (cpuMs * VCPU_MB) / memoryMb + Math.max(0, durationMs - cpuMs)
}

const gbSecond = (ms: number, memoryMb: number): number => (ms / 1_000) * (memoryMb / 1_024)

const PUSH = 'push'

/** What a message down answers, however it came, by the header of its frame: the answer to a status is posted. */
function answeredBy(text: string): string {
  const { frame = '' }: { frame?: string } = JSON.parse(text)
  return bindingIn(frame)?.action ?? PUSH
}

/** A message is charged for each 32 KB, and an empty one as one. */
const messages = (bytes: number): number => Math.max(1, Math.ceil(bytes / GATEWAY_LIMITS.frameBytes))

/** What Lambda writes before and after each run: `START RequestId: … Version: $LATEST`, and `END RequestId: …`. */
const ROUND_A_RUN_BYTES = 68 + 53

function accessBytes({ description }: RunningStack, entries: readonly AccessLogEntry[]): number {
  const { accessLogFormat } = description.api
  if (accessLogFormat === undefined) return 0
  return entries.reduce((sum, entry) => sum + Buffer.byteLength(rendered(accessLogFormat, entry)) + 1, 0)
}

function functionOf(running: RunningStack, name: string): FunctionDescription {
  const functionName = functionNamed(running, name)
  const found = running.description.functions.find((each) => each.name === functionName)
  if (found === undefined) throw new Error(`the stack has no function ${name}`)
  return found
}

export function meter(): Meter {
  const lambdas = new Map<string, Runs>()
  const logged = new Map<string, number>()
  const accessed = new Map<string, AccessLogEntry[]>()
  const routes = new Map<string, { up: number; down: number }>()
  const routeOf = (key: string) => {
    const own = routes.get(key) ?? { up: 0, down: 0 }
    routes.set(key, own)
    return own
  }
  const lambdaOf = (running: RunningStack, name: string) => lambdas.get(functionNamed(running, name)) ?? []

  return {
    log({ functionName, report, text }) {
      const lines = report === undefined ? 0 : ROUND_A_RUN_BYTES
      logged.set(functionName, (logged.get(functionName) ?? 0) + Buffer.byteLength(text) + 1 + lines)
      if (report === undefined) return
      lambdas.set(functionName, [...(lambdas.get(functionName) ?? []), report])
    },
    access(entry) {
      const { eventType, routeKey, responseLength } = entry
      const name = { CONNECT: 'authorize', DISCONNECT: 'disconnect', MESSAGE: routeKey }[eventType]
      const before = accessed.get(name)
      if (before === undefined) accessed.set(name, [entry])
      else before.push(entry)
      if (eventType !== 'MESSAGE') return
      // A frame up is one message: a larger one than that closes the connection.
      routeOf(routeKey).up += 1
      // An empty message down does not say what it answers: that is counted here, and where it arrives not.
      if (responseLength === 0) routeOf(routeKey).down += 1
    },
    watch(socket) {
      socket.addEventListener('message', ({ data }) => {
        const text = String(data)
        if (text !== '') routeOf(answeredBy(text)).down += messages(text.length)
      })
      return socket
    },
    reset({ dynamo }) {
      dynamo.resetConsumed()
      lambdas.clear()
      routes.clear()
      logged.clear()
      accessed.clear()
    },
    of(running, name) {
      const { name: functionName, memoryMb } = functionOf(running, name)
      const runs = lambdaOf(running, name)
      const { reads = 0, writes = 0 } = running.dynamo.consumedBy()[functionName] ?? {}
      const { up = 0, down = 0 } = routes.get(name) ?? {}
      return {
        ...NOTHING,
        message: up + down,
        invocation: runs.length,
        gbSecond: runs.length * gbSecond(usual(runs.map(({ billedMs }) => billedMs)), memoryMb),
        gbSecondAtShare: runs.length * gbSecond(usual(runs.map((run) => atShare(run, memoryMb))), memoryMb),
        writeUnit: writes,
        readUnit: reads,
        logByte: (logged.get(functionName) ?? 0) + accessBytes(running, accessed.get(name) ?? []),
      }
    },
    cold(running, name) {
      const { memoryMb } = functionOf(running, name)
      const loads = lambdaOf(running, name).flatMap(({ initCpuMs }) => initCpuMs ?? [])
      return { ...NOTHING, coldGbSecond: gbSecond((usual(loads) * VCPU_MB) / memoryMb, memoryMb) }
    },
    pushes: () => routeOf(PUSH).down,
    runs: (running, name) => lambdaOf(running, name).length,
  }
}
