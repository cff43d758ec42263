import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { RunningStack } from '../../infra/local/stack.ts'
import type { DynamoFault } from '../../infra/aws/dynamo/front.ts'
import { wallClock } from '../../shared/clock.ts'
import { table } from '../../shared/store/table.ts'
import { LISTEN_LEASE_MS, listenerGroups } from '../../shared/store/listener-groups.ts'
import { functionNamed } from './crowd.ts'
import type { Seeded } from './seeded.ts'

/** What goes wrong, and how often: the mean time between two, in milliseconds. */
export const KINDS = {
  /** A function's environments die in the middle of what they do. */
  'kill-function': 2_500,
  /** Upkeep dies within a batch: as it is kept, or a moment later, before it is posted or acknowledged. */
  'kill-upkeep': 25_000,
  /** A listener's lease goes to one who never comes. */
  'expire-lease': 25_000,
  /** Connections vanish, and neither end hears of it. */
  'silence-sockets': 3_000,
  /** Connections close; every third time the service does not hear of it. */
  'close-sockets': 3_000,
  /** The server upstream breaks down and comes back: CWA without its sessions. */
  'restart-upstream': 90_000,
  /** DynamoDB throttles, for a while. */
  'throttle-dynamo': 8_000,
  /** A user's session is over upstream. */
  'end-session': 6_000,
  /** The schedule's tick comes between the others, and twice. */
  'tick-twice': 5_000,
} as const

export type ChaosKind = keyof typeof KINDS
// Object.keys forgets which keys there are.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const ALL = Object.keys(KINDS) as ChaosKind[]

export interface Step {
  /** Milliseconds after the start. */
  readonly at: number
  readonly kind: ChaosKind
}

/** How long a listener that died is missed, in milliseconds: until its lease is over, and a tick comes. */
const MISSED_MS = LISTEN_LEASE_MS + 5_000
/** How long one is missed that lost its lease: until a tick comes. */
const LOST_MS = 8_000
/** When a kind comes first, as a part of its mean time: also a short run has both ways of losing the listener. */
const FIRST: Readonly<Partial<Record<ChaosKind, readonly [number, number]>>> = {
  'expire-lease': [0.1, 0.25],
  'kill-upkeep': [0.6, 0.9],
}

/**
 * The steps of a run, in order: the same for the same seed. Each kind comes once at least, and then at random.
 *
 * What takes the listener away keeps a distance: a service without any listener delivers nothing, and shows nothing.
 */
export function chaosPlan(seconds: number, random: Seeded): readonly Step[] {
  const end = seconds * 1_000
  const steps = ALL.flatMap((kind) => {
    const times: number[] = []
    const first = Math.min(KINDS[kind], end) * random.between(...(FIRST[kind] ?? [0.1, 0.8]))
    for (let at = first; at < end; at += KINDS[kind] * random.between(0.4, 1.6)) times.push(at)
    return times.map((at): Step => ({ at, kind }))
  }).toSorted((a, b) => a.at - b.at)
  const deaths = apart(steps.filter(({ kind }) => kind === 'kill-upkeep').map(({ at }) => at))
  const isSpared = (at: number) => deaths.every((death) => at < death - LOST_MS || at > death + MISSED_MS)
  return steps.filter(({ at, kind }) => {
    if (kind === 'kill-upkeep') return deaths.includes(at)
    return kind !== 'expire-lease' || isSpared(at)
  })
}

/** Those that come long enough after the one before. */
function apart(times: readonly number[]): readonly number[] {
  const kept: number[] = []
  for (const at of times) if (at - (kept.at(-1) ?? -Infinity) > MISSED_MS) kept.push(at)
  return kept
}

export interface Chaos {
  /** For the local DynamoDB: asked before each operation. */
  readonly fault: (operation: string, body: unknown) => DynamoFault | undefined
  /** For the local gateway: asked at each `$disconnect`. */
  readonly dropDisconnect: () => boolean
  /** Carries the plan out; resolves when it is over, and everything works again. */
  readonly run: (plan: readonly Step[], on: ChaosTarget) => Promise<void>
  /** What was done, and how often. */
  readonly done: () => Readonly<Partial<Record<ChaosKind, number>>>
}

/** What is done to the server upstream. */
export interface UpstreamChaos {
  /** It breaks down, and comes back. */
  readonly restart: () => Promise<void>
  readonly endSession: (uri: string) => Promise<void>
}

export interface ChaosTarget {
  readonly running: RunningStack
  readonly uris: readonly string[]
  readonly upstream: UpstreamChaos
  /** Closes some devices' sockets, from their end. */
  readonly closeSockets: (chosen: (index: number) => boolean) => void
}

/** Functions that die, the ones that carry messages more often. */
const MORTAL = ['send', 'send', 'send', 'poll', 'poll', 'status', 'login', 'authorize', 'disconnect'] as const

/** The SDK's own error: it repeats what got it, with longer and longer waits, and then gives up. */
const THROTTLED: DynamoFault = {
  type: 'ProvisionedThroughputExceededException',
  status: 400,
  message: 'The level of configured provisioned throughput for the table was exceeded.',
}

export function chaos(random: Seeded): Chaos {
  const counts = new Map<ChaosKind, number>()
  // Faults are asked for whenever an operation comes: they draw from a source of their own, so that the plan's choices stay.
  const chance = random.fork()
  let throttledUntil = 0
  let throttled = 0
  let onAppend: (() => void) | undefined
  /** What is done to the server upstream, one after the other. */
  let up = Promise.resolve()

  const count = (kind: ChaosKind) => counts.set(kind, (counts.get(kind) ?? 0) + 1)

  async function act(kind: ChaosKind, target: ChaosTarget): Promise<void> {
    const { running, uris } = target
    const upkeep = functionNamed(running, 'upkeep')
    switch (kind) {
      case 'kill-function':
        await running.lambda.killEnvironments(functionNamed(running, random.pick(MORTAL) ?? 'send'))
        break
      case 'kill-upkeep': {
        const afterMs = random.below(30)
        onAppend = () => void wallClock.after(afterMs, () => void running.lambda.killEnvironments(upkeep))
        break
      }
      case 'expire-lease':
        await takeLease(running)
        break
      case 'silence-sockets': {
        const some = random.fork()
        running.gateway.silence(() => some.next() < share(uris))
        break
      }
      case 'close-sockets': {
        const some = random.fork()
        target.closeSockets(() => some.next() < share(uris))
        break
      }
      case 'restart-upstream':
        // Meanwhile the rest goes on, and what comes to a server that is away.
        up = up.then(target.upstream.restart)
        break
      case 'throttle-dynamo':
        throttled = random.between(0.2, 0.6)
        throttledUntil = wallClock.now() + random.between(300, 2_000)
        break
      case 'end-session': {
        const uri = random.pick(uris) ?? ''
        up = up.then(() => target.upstream.endSession(uri))
        break
      }
      case 'tick-twice':
        // EventBridge promises at least once.
        tick(running)
        tick(running)
        break
      default:
        kind satisfies never
    }
    count(kind)
  }

  return {
    fault(operation, body) {
      if (operation === 'PutItem' && onAppend !== undefined && isMail(body)) {
        const act = onAppend
        onAppend = undefined
        act()
      }
      return wallClock.now() < throttledUntil && chance.next() < throttled ? THROTTLED : undefined
    },
    dropDisconnect: () => chance.next() < 1 / 3,
    async run(plan, target) {
      const startedAt = wallClock.now()
      for (const { at, kind } of plan) {
        await until(startedAt + at)
        await act(kind, target)
      }
      await up
      onAppend = undefined
      throttledUntil = 0
    },
    done: () => Object.fromEntries(counts),
  }
}

/** The part of the connections that goes at once: one in twenty, and in a small crowd two all the same. */
const share = (devices: readonly unknown[]): number => Math.max(0.05, 2 / devices.length)

/** Resolves at a moment of the machine's clock. */
function until(at: number): Promise<void> {
  return new Promise((resolve) => wallClock.after(Math.max(0, at - wallClock.now()), resolve))
}

function isMail(body: unknown): boolean {
  return JSON.stringify(body).includes('"MAIL#')
}

/** The schedule's tick, out of turn. */
export function tick(running: RunningStack): void {
  const upkeep = functionNamed(running, 'upkeep')
  const input = running.description.schedules.find(({ functionName }) => functionName === upkeep)?.input
  running.lambda.invokeLater(upkeep, input ?? {})
}

/** As if the lease of the first watch had run out, somebody else had taken it, and had died. */
async function takeLease({ dynamo, description }: RunningStack): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint: dynamo.url, region: 'local', credentials })
  try {
    const leases = listenerGroups(table(client, description.outputs['SessionsTable'] ?? ''))
    // Its own clock runs ahead by a lease, so that it finds every other one over.
    await leases.claim(0, 'chaos', wallClock.now() + LISTEN_LEASE_MS)
    await leases.release(0, 'chaos')
  } finally {
    client.destroy()
  }
}
