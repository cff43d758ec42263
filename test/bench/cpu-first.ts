import { connected, conversationOf, type CpuCrowd } from './cpu-crowd.ts'
import { functionNamed } from './crowd.ts'
import { latencies } from './latency.ts'

/** Milliseconds of the processor of a new environment, the usual one. */
export interface First {
  /** Loading the function. */
  readonly init: number
  /** Its first invocation, and its second. */
  readonly handler: number
  readonly second: number
}

/** New environments of each function. */
const ROUNDS = 9

/** How many devices are connected, each for the first time. */
export const CONNECTED = 2 * ROUNDS

/** What a new environment takes: it is killed, and the operation done twice. */
export async function firstInvocations(crowd: CpuCrowd): Promise<Readonly<Record<string, First>>> {
  const { ann, running } = crowd
  const conversation = await conversationOf(crowd)
  const acts: Readonly<Record<string, () => Promise<unknown>>> = {
    status: () => ann.device.status(true),
    poll: () => ann.device.poll(),
    send: () => ann.device.send({ kind: 'message', conversation, text: 'Shall we have lunch together at noon?' }),
    authorize: () => connected(crowd, crowd.stranger()),
    login: () => ann.enter(),
  }
  const first: Record<string, First> = {}
  for (const [name, act] of Object.entries(acts)) {
    const functionName = functionNamed(running, name)
    const found: First[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      crowd.reports(name)
      await running.lambda.killEnvironments(functionName)
      await act()
      await act()
      const [one, two] = crowd.reports(name)
      found.push({ init: one?.initCpuMs ?? 0, handler: one?.cpuMs ?? 0, second: two?.cpuMs ?? 0 })
    }
    const usual = (of: (each: First) => number) => latencies(found.map(of)).p50
    first[name] = { init: usual((e) => e.init), handler: usual((e) => e.handler), second: usual((e) => e.second) }
  }
  return first
}
