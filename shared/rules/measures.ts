/** Of all metrics of ours, in CloudWatch. */
export const NAMESPACE = 'Collaboration'

/** The dimension that every metric has: the stack's name, which tells two stacks in one account apart. */
export const SERVICE_DIMENSION = 'service'

interface MeasureKind {
  readonly unit: 'Count' | 'Milliseconds'
  /** What goes out of several values: their sum, the largest or last of them, or each one, where percentiles are wanted. */
  readonly together: 'sum' | 'most' | 'last' | 'each'
  /** A dimension beside `service`. Each of its values is a metric that is paid for. */
  readonly by?: string
}

/** What the service measures. infra/admin/RUNBOOK.md has the same table for operators; a test compares them. */
export const MEASURES = {
  /** Seats with a session, of the whole stack: each tick of the schedule counts them. */
  Sessions: { unit: 'Count', together: 'last' },
  /** Seats that a login could take without an eviction, where a maximum is set. */
  SeatsFree: { unit: 'Count', together: 'last' },
  /** Groups of shards that have sessions and no listener, as a tick found them. */
  Unlistened: { unit: 'Count', together: 'last' },
  /** `accepted`, or the code of the refusal. */
  Logins: { unit: 'Count', together: 'sum', by: 'outcome' },
  /** How long the server upstream took to sign a user in, where it did. */
  SignInTime: { unit: 'Milliseconds', together: 'each' },
  /** Faults of the server upstream or of the way to it, by what the caller does next: `again`, `sign-in`, `give-up`. */
  UpstreamFaults: { unit: 'Count', together: 'sum', by: 'kind' },
  /** How long ago the last poll was answered, of the session of a listener for which that is longest. */
  PollAge: { unit: 'Milliseconds', together: 'most' },
  /** From an event's arrival until API Gateway took the post to its device. */
  EventToDevice: { unit: 'Milliseconds', together: 'each' },
  /** Batches that a device has not acknowledged: the deepest mailbox of a listener's. */
  MailboxDepth: { unit: 'Count', together: 'most' },
  /** Devices that came back, or heard of a cut, by whether they have everything: `true`, `false`. */
  Resumes: { unit: 'Count', together: 'sum', by: 'recovered' },
  Evictions: { unit: 'Count', together: 'sum' },
  /** Listeners that took over from one whose time was up. */
  HandOvers: { unit: 'Count', together: 'sum' },
  /** Answers of AWS that said "slower", also where a repeat got through: `dynamodb`, `connections`, `lambda`, `eventbridge`. */
  Throttles: { unit: 'Count', together: 'sum', by: 'of' },
  /** Frames that were answered `internal`: the service failed, and the function did not. */
  Failures: { unit: 'Count', together: 'sum' },
  /** Wake-ups by Web Push, by what the push service answered: `taken`, `gone`, `again`, `refused`. */
  Pushes: { unit: 'Count', together: 'sum', by: 'outcome' },
} as const satisfies Record<string, MeasureKind>

export type MeasureName = keyof typeof MEASURES

type By<N extends MeasureName> = (typeof MEASURES)[N] extends { readonly by: string } ? [by: string] : []

/** Notes a value, with its outcome, kind and so on where the measure has such a dimension. */
export type Measure = <N extends MeasureName>(name: N, value: number, ...by: By<N>) => void

/** Values that belong together: of one measure, and of one outcome, kind and so on. */
export interface Measured {
  readonly name: MeasureName
  readonly by: string | undefined
  readonly values: readonly number[]
}

export interface Measuring {
  readonly measure: Measure
  /** What was measured since it was taken last; nothing of what was not. */
  readonly take: () => readonly Measured[]
}

/** Puts values together until they are taken: 900 sessions of a listener make one line a minute, not 900. */
export function measuring(): Measuring {
  const kept = new Map<string, Measured>()
  return {
    measure(name, value, ...[by]) {
      const key = `${name} ${by ?? ''}`
      const before = kept.get(key)?.values ?? []
      kept.set(key, { name, by, values: together(name, before, value) })
    },
    take() {
      const taken = [...kept.values()]
      kept.clear()
      return taken
    },
  }
}

function together(name: MeasureName, before: readonly number[], value: number): readonly number[] {
  const { together: how } = MEASURES[name]
  const [one] = before
  if (how === 'each') return [...before, value]
  if (one === undefined || how === 'last') return [value]
  return [how === 'sum' ? one + value : Math.max(one, value)]
}

/** Measures nothing: for a simulation, say. */
export const unmeasured: Measure = () => {}
