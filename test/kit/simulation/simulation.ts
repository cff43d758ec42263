import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../../../shared/clock.ts'
import { random, type Random } from './random.ts'

/*
 * A seeded, replayable world in which the service's real code runs as processes: one invocation of a function, a device,
 * a listener. A process is interrupted at EVERY exchange with what is outside of it (database, gateway, upstream), twice:
 * before what it asks is done, and before it has the answer. Which process goes on is chance, and so is what goes wrong.
 *
 *   const world = simulation({ seed: 7, faults: { crash: 0.01, answerLost: 0.02 } })
 *   const database = simulatedDatabase(world)                        // database.table is a shared/store Table
 *   const admit = admission({ seats: seats(database.table), seatHints: seatHints(database.table) })
 *   const outcome = world.start('login 1', () => admit(applicant), { limitMs: 29_000 })
 *   database.watch(() => { if (tooMany()) world.violated('never more live sessions than the maximum') })
 *   await world.run()                                                 // throws Violation: seed, and what happened
 *   expect((await outcome).state).toBe('done')
 *
 * Parts of one's own (a gateway, a server upstream) are objects whose methods go through `exchange`:
 *
 *   post: (connection, text) => world.exchange(`post ${connection}`, () => deliver(connection, text))
 *
 * What the code logs while it runs is kept among what happened, and not printed.
 *
 * Rules for what runs in here: it waits for nothing but exchanges, `world.clock` and each other (no timers of Node's, no
 * sockets, no WebCrypto), takes the time from `world.clock` and chance from `world.random`. Then a seed is a run. What
 * it needs of all that is passed in: processes may share parts, and are known apart all the same.
 */

/** How often something goes wrong, from 0 (never) to 1 (always). */
export interface Faults {
  /** At each step: that its process stops for ever. What it asked for and was not done yet may still be done. */
  readonly crash: number
  /** At each exchange: that it is done and its answer lost. The SDK's client asks again, ATTEMPTS times in all, then throws. */
  readonly answerLost: number
  /** At each exchange: that it is not done, and a fault thrown. */
  readonly unreachable: number
  /** At each eventually consistent read: that it shows an older state. */
  readonly stale: number
  /** At each step: that much time passes (LONG_MS at most), where else it is little (SHORT_MS at most). */
  readonly longPause: number
}

export const NO_FAULTS: Faults = { crash: 0, answerLost: 0, unreachable: 0, stale: 0, longPause: 0 }

export interface SimulationOptions {
  /** A whole number: the same one, and the same code, give the same run. */
  readonly seed: number
  readonly faults?: Partial<Faults>
  /** Epoch milliseconds at which it begins. */
  readonly startAt?: number
}

export type Outcome<T> =
  | { readonly state: 'done'; readonly value: T }
  | { readonly state: 'failed'; readonly thrown: unknown }
  | { readonly state: 'crashed' }

export interface ProcessOptions {
  /** Longest run, in milliseconds, before it is stopped for ever, as Lambda does. */
  readonly limitMs?: number
  /** Whether chance may crash it. Default: true. */
  readonly mayCrash?: boolean
}

export interface Simulation {
  readonly random: Random
  readonly clock: Clock
  /** Waits, in the simulation's time. Rejects with the signal's reason when it aborts. */
  readonly pause: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Starts a process. It goes on whenever `run` lets it; what became of it is a value. */
  readonly start: <T>(name: string, work: () => Promise<T>, options?: ProcessOptions) => Promise<Outcome<T>>
  /** Stops every process whose name begins so, for ever. */
  readonly crash: (name: string) => void
  /**
   * What a part does for a process: asked for, done, answered. `effect` is done in one go; what it throws is the answer.
   *
   * @param options.again whether a lost answer makes the client ask again, as the AWS SDK does; default: true
   */
  readonly exchange: <T>(what: string, effect: () => T, options?: { readonly again?: boolean }) => Promise<T>
  /** An invariant does not hold: `run` ends with the next step. */
  readonly violated: (invariant: string) => void
  /** Notes something of one's own among what happened. */
  readonly note: (what: string) => void
  /**
   * Lets processes go on, one step at a time, until none can, or `until` says so.
   *
   * @throws Violation when an invariant does not hold; ENDLESS is one: an end comes before `steps` steps (default 20,000)
   */
  readonly run: (options?: { readonly until?: () => boolean; readonly steps?: number }) => Promise<void>
  /** What happened until now, one line a step. */
  readonly trace: () => string[]
  /** How many steps were taken. */
  readonly steps: () => number
  readonly chanceOf: (fault: keyof Faults) => boolean
  /** The name of the process that is on; empty outside of all. */
  readonly who: () => string
  /** Whether an exchange of a process of this name came to nothing: it threw for want of an answer. */
  readonly hadNoAnswer: (name: string) => boolean
  /** What a process of this name asked once more, for it was done and its answer got lost: in words, and when it was done. */
  readonly askedAgain: (name: string) => readonly { readonly what: string; readonly at: number }[]
  /** Nothing goes wrong from here on. */
  readonly calm: () => void
  /**
   * So much time passes at once: days in which nothing happens. What was to run for less is stopped, and each timer
   * that fell due in between is due now.
   */
  readonly leap: (ms: number) => void
}

/** Found: an invariant that does not hold. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly invariant: string
  readonly seed: number
  readonly trace: readonly string[]

  constructor(invariant: string, seed: number, trace: readonly string[]) {
    super(`seed ${seed}: ${invariant}`)
    this.invariant = invariant
    this.seed = seed
    this.trace = trace
  }
}

export const ENDLESS = 'whatever begins comes to an end'

/** How often the SDK's client tries. */
const ATTEMPTS = 3
/** Longest time, in milliseconds, that a request is on its way when the process that sent it has stopped. */
export const LANDS_MS = 5_000
const SHORT_MS = 20
const LONG_MS = 20_000
/** Of the runs in which processes have priorities: how often, at a step, one loses its own. */
const DEMOTED = 0.08

/** When no time is given: any, and not the machine's own, so that a run can be repeated. */
const START = Date.UTC(2026, 0, 1)

/** Which process it is that asks: parts need not know, and may be shared. */
const running = new AsyncLocalStorage<Process>()

interface Process {
  readonly name: string
  readonly note: (what: string) => void
  readonly endsAt: number
  readonly mayCrash: boolean
  readonly crashed: () => void
  alive: boolean
  priority: number
}

interface Step {
  readonly process: Process
  readonly what: string
  readonly kind: 'request' | 'answer' | 'timer'
  readonly dueAt: number
  /** What is on its way from a process that stopped is done soon, or never. */
  readonly untilAt?: number
  readonly take: () => void
}

export function simulation({ seed, faults: some = {}, startAt = START }: SimulationOptions): Simulation {
  keepLogs()
  const chance = random(seed)
  let faults = { ...NO_FAULTS, ...some }
  const unanswered = new Set<string>()
  const repeated: { readonly name: string; readonly what: string; readonly at: number }[] = []
  // Half of the runs let anybody go on; the other half lets the same process run ahead of the others, or lie far behind.
  const hasPriorities = chance.chance(0.5)
  const processes = new Set<Process>()
  let pending: Step[] = []
  let now = startAt
  let taken = 0
  let violation: string | undefined
  const happened: { at: number; who: string; what: string }[] = []

  const note = (who: string, what: string) => happened.push({ at: now, who, what })
  const schedule = (process: Process, what: string, kind: Step['kind'], take: () => void, dueAt = now) => {
    const step = { process, what, kind, dueAt, take }
    if (process.alive) pending.push(step)
    return step
  }

  /** What was asked for is on its way already: it may be done, and nothing waits for the answer. */
  const stop = (process: Process, why: string) => {
    note(process.name, why)
    process.alive = false
    processes.delete(process)
    const rest = pending.filter((step) => step.process === process && step.kind === 'request' && chance.chance(0.5))
    pending = pending.filter((step) => step.process !== process)
    // A step of time may be long: what was stopped by its limit was so at its end, and not only now.
    const untilAt = Math.min(now, process.endsAt) + LANDS_MS
    pending.push(...rest.filter(() => untilAt >= now).map((step) => ({ ...step, untilAt })))
    process.crashed()
  }

  const start: Simulation['start'] = (name, work, { limitMs = Infinity, mayCrash = true } = {}) =>
    new Promise((resolve) => {
      const crashed = () => resolve({ state: 'crashed' })
      const started: Process = {
        name,
        note: (what) => note(name, what),
        endsAt: now + limitMs,
        mayCrash,
        crashed,
        alive: true,
        priority: chance.next(),
      }
      processes.add(started)
      const end = (outcome: Parameters<typeof resolve>[0]) => {
        processes.delete(started)
        resolve(outcome)
      }
      const begin = () => {
        work().then(
          (value) => end({ state: 'done', value }),
          (thrown: unknown) => end({ state: 'failed', thrown }),
        )
      }
      schedule(started, 'starts', 'answer', () => running.run(started, begin))
    })

  const exchange: Simulation['exchange'] = (what, effect, { again = true } = {}) => {
    const process = current()
    return new Promise((resolve, reject) => {
      let attempts = 0
      const lost = () => {
        unanswered.add(process.name)
        reject(Object.assign(new Error(`${what}: no answer`), { name: 'TimeoutError' }))
      }
      const request = () => {
        attempts += 1
        if (chance.chance(faults.unreachable)) {
          schedule(process, `${what} ✘ unreachable`, 'answer', lost)
          return
        }
        const answer = outcomeOf(effect, resolve, reject)
        if (!chance.chance(faults.answerLost)) schedule(process, `${what} ↩`, 'answer', answer)
        else if (again && attempts < ATTEMPTS) {
          repeated.push({ name: process.name, what, at: now })
          schedule(process, `${what}, again`, 'request', request)
        } else schedule(process, `${what} ✘ no answer`, 'answer', lost)
      }
      schedule(process, what, 'request', request)
    })
  }

  const after: Clock['after'] = (ms, action) => {
    const process = current()
    const take = () => running.run(process, action)
    const step = schedule(process, `${ms} ms are over`, 'timer', take, now + Math.max(0, ms))
    return () => {
      pending = pending.filter((other) => other !== step)
    }
  }

  const pause: Simulation['pause'] = (ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const forget = after(ms, resolve)
      signal?.addEventListener('abort', () => {
        forget()
        reject(signal.reason)
      })
    })

  /** Time passes with each step; where no process can go on, until one can. */
  const pass = () => {
    const ms = chance.chance(faults.longPause) ? LONG_MS : SHORT_MS
    const earliest = Math.min(...pending.map(({ dueAt }) => dueAt))
    now = Math.max(now + chance.below(ms), earliest)
    pending = pending.filter(({ untilAt = Infinity }) => untilAt >= now)
    for (const process of processes) if (process.endsAt <= now) stop(process, 'is stopped: its time is over')
  }

  const next = (): Step | undefined => {
    const due = pending.filter(({ dueAt }) => dueAt <= now)
    if (due.length === 0) return undefined
    if (!hasPriorities) return chance.pick(due)
    const most = Math.max(...due.map(({ process }) => process.priority))
    const first = chance.pick(due.filter(({ process }) => process.priority === most))
    if (chance.chance(DEMOTED)) first.process.priority = Math.min(0, ...due.map((step) => step.process.priority)) - 1
    return first
  }

  const oneStep = () => {
    pass()
    const step = next()
    if (step === undefined) return
    if (step.process.alive && step.process.mayCrash && chance.chance(faults.crash)) {
      stop(step.process, `crashes at ${step.what}`)
      return
    }
    pending.splice(pending.indexOf(step), 1)
    note(step.process.name, step.what)
    running.run(step.process, step.take)
  }

  const trace = () =>
    happened.map(({ at, who, what }) => `${String(at - startAt).padStart(8)} ms  ${who.padEnd(24)}  ${what}`)

  return {
    random: chance,
    clock: { now: () => now, after },
    pause,
    start,
    crash: (name) => {
      for (const process of processes) if (process.name.startsWith(name)) stop(process, 'crashes')
    },
    exchange,
    violated(invariant) {
      violation ??= invariant
      note('!', invariant)
    },
    note: (what) => note(running.getStore()?.name ?? '', what),
    async run({ until = () => false, steps = 20_000 } = {}) {
      for (let left = steps; ; left -= 1) {
        await settled()
        if (violation !== undefined) throw new Violation(violation, seed, trace())
        if (pending.length === 0 || until()) return
        if (left === 0) throw new Violation(ENDLESS, seed, trace())
        taken += 1
        oneStep()
      }
    },
    trace,
    steps: () => taken,
    chanceOf: (fault) => chance.chance(faults[fault]),
    who: () => running.getStore()?.name ?? '',
    hadNoAnswer: (name) => unanswered.has(name),
    askedAgain: (name) => repeated.filter((each) => each.name === name),
    calm() {
      faults = NO_FAULTS
    },
    leap(ms) {
      note('', `${ms} ms pass at once`)
      now += ms
    },
  }
}

function current(): Process {
  const process = running.getStore()
  if (process === undefined) throw new TypeError('only a process of the simulation can do this: see start()')
  return process
}

let keepsLogs = false

/** The functions log to the standard output and, what went wrong, to the standard error, as Lambda wants it. */
function keepLogs(): void {
  if (keepsLogs) return
  keepsLogs = true
  for (const stream of [process.stdout, process.stderr]) {
    const print = stream.write.bind(stream)
    stream.write = (text: string | Uint8Array, ...rest: []) => {
      const by = running.getStore()
      if (by === undefined) return print(text, ...rest)
      by.note(String(text).trimEnd())
      return true
    }
  }
}

function outcomeOf<T>(effect: () => T, resolve: (value: T) => void, reject: (thrown: unknown) => void): () => void {
  try {
    const value = effect()
    return () => resolve(value)
  } catch (thrown) {
    return () => reject(thrown)
  }
}

/** Until every process waits for an exchange or for the clock: Node comes to this when no promise is left to settle. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
