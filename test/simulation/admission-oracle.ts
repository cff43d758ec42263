import { capacity } from '../../shared/rules/admission.ts'
import { NO_MS } from '../../functions/admission/admission.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import { SEAT_LEASE_MS } from '../../shared/rules/seat.ts'
import { DEFAULT_SETTINGS, type Settings } from '../../shared/rules/settings.ts'
import { CONFIGURATION_CACHE_MS } from '../../shared/store/configuration/configuration.ts'
import { shardKey, keyOf, randomOf, type SeatItem } from '../../shared/store/seats/seat-item.ts'
import { SETTINGS_KEY } from '../../shared/store/configuration/settings-change.ts'
import { seatNumberOf } from '../../shared/rules/seat.ts'
import type { Change, SimulatedDatabase } from '../kit/simulation/database.ts'
import { ENDLESS, LANDS_MS, type Outcome, type Simulation } from '../kit/simulation/simulation.ts'

/** What must hold, whatever happens. The words are what a violation is called. */
export const INVARIANTS = {
  maximum: 'never more live sessions than the maximum',
  oneSession: 'a seat holds one session',
  oneEach: 'a device has one session',
  spoke: 'no device is evicted that spoke within the timeout',
  active: 'no session is ended that was active within the timeout',
  ownSeat: 'what acts for a session writes on its seat alone',
  whole: 'a seat that is taken says by whom, and until when or for which user',
  once: 'a frame counts once',
  newest: 'a login replaces no session of its device that is newer, and was there when it began',
  refusedHoldsNothing: 'a login that ended holds no seat beside its session',
  ownSuccess: 'a login does not refuse its own success',
  highest: 'of the logins of a device the one with the highest number is not refused for another',
  refusedWhenFull: 'a login is refused only when every seat was taken',
  counted: 'no seat is taken that a login under a lower maximum would not count',
  inCoverage: 'the end of an earlier connection does not put a device out of coverage',
  lost: 'no seat is lost past its lease',
  ends: ENDLESS,
  seated: 'no session is live without its seat',
} as const

export interface AdmissionOracle {
  readonly loginBegins: (name: string, device: string, number: number) => void
  readonly loginEnded: (name: string, ended: Outcome<{ readonly type: string; readonly session?: string }>) => void
  /** The process of this name is there for a session. */
  readonly actsFor: (name: string, session: string, connection?: string) => void
  readonly wasHeard: (session: string, number: number) => void
  /** When nothing is under way any more: looks for seats that were lost, by logging in where there must be room. */
  readonly allIsQuiet: (login: (name: string) => Promise<Outcome<unknown>>) => Promise<void>
}

interface Login {
  readonly device: string
  readonly number: number
  readonly startedAt: number
  /** The seats it took: by the random part of the session that it put there. */
  readonly took: Map<string, string>
}

const SEAT_HINT = { pk: 'HINT#shards', sk: '-' }

/** How old a state an eventually consistent read may show. */
const STALE_MS = 1_000

/**
 * Longest age of the settings that a login may still go by: cached, read a moment late, then it runs, and what it asked
 * for last may be done a little after its end.
 */
const SETTINGS_AGE_MS = CONFIGURATION_CACHE_MS + STALE_MS + 29_000 + LANDS_MS

export function admissionOracle(
  world: Simulation,
  kept: SimulatedDatabase,
  configured: SimulatedDatabase,
): AdmissionOracle {
  const { clock, violated } = world
  const logins = new Map<string, Login>()
  const running = new Set<string>()
  const acting = new Map<string, { readonly session: string; readonly connection: string | undefined }>()
  const heard = new Set<string>()
  const acceptedFrames = new Set<string>()
  /** The sessions that devices heard of and that did not end. */
  const accepted = new Set<string>()
  /** Whether a login's seat was a live session's before: then it adds none. */
  const addsNone = new Map<string, boolean>()
  /** The highest frame number that counted for a device. */
  const highest = new Map<string, number>()
  const openedAt = new Map<string, number>()
  /** Sessions that were open, and whose seat a login of another device took. */
  const evicted = new Set<string>()
  const capacities: { at: number; most: number; settings: Settings }[] = []
  let isFull = false
  let fullAt = -Infinity

  const settingsNow = (): Settings => {
    const { pk: _pk, sk: _sk, ...set } = configured.item(SETTINGS_KEY) ?? {}
    return { ...DEFAULT_SETTINGS, ...set }
  }
  const noteCapacity = () =>
    capacities.push({ at: clock.now(), most: capacity(settingsNow()), settings: settingsNow() })

  const taken = () => kept.items(shardKey(0)).map(seatItem)
  /** A login goes by the time at which it began: a lease that was over a moment ago may be none to it. */
  const live = () => taken().filter((item) => !isOver(item, clock.now() - 29_000))
  const open = () => taken().filter(({ l }) => l === undefined)
  const inForce = () => {
    const since = clock.now() - SETTINGS_AGE_MS
    const before = capacities.findLast(({ at }) => at <= since)
    return [...(before ? [before] : []), ...capacities.filter(({ at }) => at > since)].map(({ most }) => most)
  }
  /** Full until now, or from now on: what frees a seat, or changes how many there are, ends a stretch of being full. */
  const noteFull = () => {
    const was = isFull
    isFull = live().length >= Math.min(...inForce())
    if (was || isFull) fullAt = clock.now()
  }

  noteCapacity()
  configured.watch(() => {
    noteCapacity()
    noteFull()
  })

  kept.watch((change) => {
    const isSeat = change.key.pk.startsWith('SEATS#')
    const mostCounted = Number(kept.item(SEAT_HINT)?.['most'] ?? 0)
    if (change.key.pk === SEAT_HINT.pk || isSeat) {
      const current = taken().filter((item) => !isOver(item, clock.now()))
      if (current.some(({ sk }) => Number(sk) >= mostCounted)) violated(INVARIANTS.counted)
    }
    if (!isSeat) return
    const before = change.before && seatItem(change.before)
    const after = change.after && seatItem(change.after)
    if (after !== undefined && !isWhole(after)) violated(INVARIANTS.whole)
    if (after?.h !== undefined && after.l === undefined)
      highest.set(after.d, Math.max(highest.get(after.d) ?? 0, after.h))
    const login = logins.get(change.by)
    if (login !== undefined) byLogin(login, before, after)
    else byOther(change, before, after)
    if (before !== undefined && before.s !== after?.s) accepted.delete(`${change.key.sk} ${before.s}`)
    noteFull()
  })

  const byLogin = (login: Login, before: SeatItem | undefined, after: SeatItem | undefined) => {
    if (after === undefined) {
      if (before !== undefined && !login.took.has(before.s) && !isEarlier(before, login)) violated(INVARIANTS.ownSeat)
    } else if (after.l === undefined) opens(login, before, after)
    else takes(login, before, after)
  }

  const takes = (login: Login, before: SeatItem | undefined, after: SeatItem) => {
    login.took.set(after.s, after.sk)
    if (before === undefined || before.s === after.s || isOver(before, clock.now())) {
      if (before?.s !== after.s) addsNone.set(after.s, false)
      return
    }
    addsNone.set(after.s, before.l === undefined || addsNone.get(before.s) === true)
    if (before.d === login.device) {
      const wasThere = (openedAt.get(before.s) ?? Infinity) + STALE_MS < login.startedAt
      if (wasThere && (before.h ?? 0) >= login.number) violated(INVARIANTS.newest)
      return
    }
    if (before.l !== undefined) return violated(INVARIANTS.oneSession)
    evicted.add(before.s)
    const { idleTimeoutMs } = settingsNow()
    const isIdle = before.o === true || (idleTimeoutMs !== undefined && clock.now() - (before.t ?? 0) > idleTimeoutMs)
    if (idleTimeoutMs === undefined || !isIdle) violated(INVARIANTS.spoke)
  }

  const opens = (login: Login, before: SeatItem | undefined, after: SeatItem) => {
    if (!login.took.has(after.s) || before?.s !== after.s) return violated(INVARIANTS.ownSeat)
    if (before.l === undefined) return
    if (open().some(({ d, sk }) => d === after.d && sk !== after.sk)) violated(INVARIANTS.oneEach)
    openedAt.set(after.s, clock.now())
    if (addsNone.get(after.s) === true) return
    if (open().length > Math.max(...inForce())) violated(INVARIANTS.maximum)
  }

  const byOther = ({ by, key }: Change, before: SeatItem | undefined, after: SeatItem | undefined) => {
    if (by.startsWith('upkeep')) {
      const { inactivityTimeoutMs = Infinity } = settingsNow()
      if (before?.t === undefined || clock.now() - before.t <= inactivityTimeoutMs) violated(INVARIANTS.active)
      return
    }
    const { session = '', connection } = acting.get(by) ?? {}
    const isOwn = before?.s === randomOf(session) && key.sk === keyOf(seatNumberOf(session)).sk
    if (!isOwn || before.l !== undefined) return violated(INVARIANTS.ownSeat)
    if (connection !== undefined && before.c !== connection) violated(INVARIANTS.inCoverage)
    if (after?.h !== undefined && !by.startsWith('disconnect') && after.h <= (before.h ?? 0)) violated(INVARIANTS.once)
  }

  /*
   *   login 1 of device 0   open its seat ✔ ─ (answer lost) ─────────────────────────── open it, again ✘ MINE: session-gone
   *   login 2 of device 1                                    read: idle ─ take it ✔
   *
   * Only a later login of its device ends one that is under way. One whose answer got lost has a session by then, which is
   * evicted as any other once it is idle: then alone its own success is refused.
   */
  const lostItsOpening = (name: string, took: ReadonlyMap<string, string>): boolean =>
    world.askedAgain(name).some(({ what, at }) =>
      [...took].some(([session, sk]) => {
        const opening = `put ${keyOf(Number(sk)).pk} ${sk}`
        return what === opening && openedAt.get(session) === at && evicted.has(session)
      }),
    )

  const refusalIsRight = (name: string, { device, number, startedAt, took }: Login, { code }: Refusal) => {
    const others = [...logins].filter(([other, login]) => other !== name && login.device === device)
    const isReplay = (highest.get(device) ?? 0) >= number || others.some(([, login]) => login.number >= number)
    if (code === 'replayed' && !isReplay) violated(INVARIANTS.ownSuccess)
    const isOvertaken = (highest.get(device) ?? 0) > number || others.some(([, login]) => login.number > number)
    if ((code === 'replaced' || (code === 'session-gone' && !lostItsOpening(name, took))) && !isOvertaken)
      violated(INVARIANTS.highest)
    if (code !== 'server-busy' && code !== 'failed') return
    noteFull()
    if (fullAt < startedAt - NO_MS) violated(INVARIANTS.refusedWhenFull)
  }

  return {
    loginBegins(name, device, number) {
      noteFull()
      logins.set(name, { device, number, startedAt: clock.now(), took: new Map() })
      running.add(name)
    },

    loginEnded(name, ended) {
      running.delete(name)
      const login = logins.get(name)
      if (login === undefined || ended.state === 'crashed') return
      const session = ended.state === 'done' ? (ended.value.session ?? '') : ''
      if (ended.state === 'done') {
        const frame = `${login.device} ${login.number}`
        if (acceptedFrames.has(frame)) violated(INVARIANTS.once)
        acceptedFrames.add(frame)
        const seat = keyOf(seatNumberOf(session))
        if (kept.item(seat)?.['s'] === randomOf(session)) accepted.add(`${seat.sk} ${randomOf(session)}`)
      }
      if (ended.state === 'failed') world.note(`${name} ends: ${String(ended.thrown)}`)
      if (world.hadNoAnswer(name)) return
      const left = taken().filter(({ s }) => login.took.has(s) && s !== randomOf(session))
      if (left.length > 0) violated(INVARIANTS.refusedHoldsNothing)
      if (ended.state === 'failed' && ended.thrown instanceof Refusal) refusalIsRight(name, login, ended.thrown)
    },

    actsFor: (name, session, connection) => acting.set(name, { session, connection }),

    wasHeard(session, number) {
      const frame = `${session} ${number}`
      if (heard.has(frame)) violated(INVARIANTS.once)
      heard.add(frame)
    },

    async allIsQuiet(login) {
      world.calm()
      world.start('time', () => world.pause(SEAT_LEASE_MS + SETTINGS_AGE_MS)).catch(() => {})
      await world.run()
      for (const session of accepted) {
        if (!taken().some(({ sk, s }) => `${sk} ${s}` === session)) violated(INVARIANTS.seated)
      }
      const most = capacity(settingsNow())
      for (let probes = most - open().length; probes > 0; probes -= 1) {
        const before = open().length
        const probed = login(`probe ${probes}`)
        await world.run()
        if ((await probed).state !== 'done' || open().length !== before + 1) violated(INVARIANTS.lost)
      }
      await world.run()
    },
  }
}

/** Seats are put by the stores: what is kept of one has their shape, unless a condition was broken. */
function seatItem(item: object): SeatItem {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return item as SeatItem
}

/** Whether a seat is of an earlier login of the same device, or of its session: a later one ends that. */
function isEarlier({ d, h = 0 }: SeatItem, { device, number }: Login): boolean {
  return d === device && h < number
}

function isWhole({ s, d, l, u, t }: Partial<SeatItem>): boolean {
  return s !== undefined && d !== undefined && (l !== undefined || (u !== undefined && t !== undefined))
}

function isOver({ l }: SeatItem, now: number): boolean {
  return l !== undefined && l <= now
}
