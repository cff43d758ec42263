import { disconnect as disconnectStory } from '../../functions/session/disconnect.ts'
import { endSession } from '../../functions/session/end-session.ts'
import { logOut as logOutStory } from '../../functions/session/log-out.ts'
import { status as statusStory } from '../../functions/session/status.ts'
import { logIn } from '../../functions/admission/log-in.ts'
import { unlistened } from '../../functions/listening/unlistened-groups.ts'
import type { Push } from '../../functions/session/push.ts'
import type { CwaClient } from '../../shared/cwa/client.ts'
import { SignInRefused } from '../../shared/cwa/faults.ts'
import { cwaUpstream } from '../../shared/cwa/upstream.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import { unmeasured } from '../../shared/rules/measures.ts'
import type { Open } from '../../shared/rules/seat.ts'
import { DEFAULT_SETTINGS, isInactive, type Settings } from '../../shared/rules/settings.ts'
import { grouping } from '../../shared/rules/listener-group.ts'
import { configuration } from '../../shared/store/configuration/configuration.ts'
import { mailbox } from '../../shared/store/mailbox.ts'
import { seatHints, QUIET_MS } from '../../shared/store/seats/seat-hint.ts'
import { seats } from '../../shared/store/seats/seats.ts'
import { sessions } from '../../shared/store/sessions.ts'
import { SETTINGS_KEY } from '../../shared/store/configuration/settings-change.ts'
import type { Upstream } from '../../shared/upstream/upstream.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { wrongPasswordStore } from '../../shared/store/wrong-passwords.ts'
import { simulatedDatabase, type Rewrite } from '../kit/simulation/database.ts'
import { type Expiry, expiryBy } from '../kit/simulation/expiry.ts'
import { type Faults, type Simulation, simulation } from '../kit/simulation/simulation.ts'
import { memoryUpstream } from '../kit/memory/upstream.ts'
import { openVault } from '../kit/vault.ts'
import { admissionMatrix } from './admission-matrix.ts'
import { admissionOracle } from './admission-oracle.ts'
import { network } from './network.ts'

/** How long a login may run, as the stack has it. */
const LOGIN_LIMIT_MS = 29_000
const LISTEN_LIMIT_MS = 60_000
const IDLE_MS = 10_000
const INACTIVE_MS = 60_000
const DAY_MS = 24 * 60 * 60_000
/** How long the longest schedules last: what expires after a week does so, while sessions go on. */
const LONG_MS = 30 * DAY_MS
const USER = 'CONTOSO\\ann'
const WRONG = 'a wrong password'

export interface ScheduleOptions {
  readonly seed: number
  /** The server upstream. Default: CWA. */
  readonly server?: (world: Simulation) => Upstream
  /** Puts another condition in the place of one: breaks it on purpose. */
  readonly rewrite?: Rewrite
  /** Another idea of what expires when: breaks that on purpose. */
  readonly expiry?: (expiry: Expiry, now: number) => Expiry
}

/** What one schedule came to. */
export interface Played {
  readonly steps: number
  readonly logins: number
  readonly admitted: number
  readonly crashes: number
}

/**
 * One schedule of admission: a few devices, more than there are seats, log in, speak, fall silent, lose coverage, log out;
 * logins run the service's own story, in environments that each remember their last no; upkeep ends the inactive and
 * looks at the shards; an administrator lowers and raises the maximum; anything crashes, and answers get lost. Logins
 * of one device come at once, and logins that somebody caught are played again. What expires goes at any moment after, or
 * never; some schedules last a month.
 *
 * @throws Violation where an invariant of admission-oracle.ts does not hold
 */
export async function playAdmission(options: ScheduleOptions): Promise<Played> {
  const { seed, server: start = cwa, rewrite, expiry } = options
  const world = simulation({ seed, faults: faultsOf(seed) })
  const { random, clock, pause } = world
  const expires = expiryBy(random)
  const kept = simulatedDatabase(world, {
    ...(rewrite && { rewrite }),
    expiry: expiry === undefined ? expires : (item) => expiry(expires, clock.now())(item),
  })
  const configured = simulatedDatabase(world)
  const maximum = 1 + random.below(4)
  // In some schedules the maximum changes again and again, and somebody looks after it often.
  const restless = seed % 3 === 2
  const isLong = seed % 5 === 4
  const until = clock.now() + (isLong ? LONG_MS : 0)
  const first: Settings = {
    ...DEFAULT_SETTINGS,
    persistentConnections: 6,
    // Who is too eager is another story.
    loginsPerHour: 1_000_000,
    wrongPasswords: 1_000_000,
    ...(random.chance(0.95) && { maximumSessions: maximum }),
    ...(random.chance(0.85) && { idleTimeoutMs: isLong ? 3 * DAY_MS : IDLE_MS }),
    ...(random.chance(0.5) && { inactivityTimeoutMs: isLong ? 12 * DAY_MS : INACTIVE_MS }),
  }
  configured.place({ ...SETTINGS_KEY, ...first })
  configured.place({ pk: `USER#${USER.toLowerCase()}`, sk: '-', permitted: true })
  const oracle = admissionOracle(world, kept, configured)

  const stores = {
    seats: seats(kept.table),
    sessions: sessions(kept.table, openVault),
    mailbox: mailbox(kept.table),
    listenerGroups: listenerGroups(kept.table),
    seatHints: seatHints(kept.table),
  }
  const upstream = start(world)
  /** Each environment has its own cache of the settings. */
  const environmentParts = () => ({
    ...stores,
    configuration: configuration(configured.table, openVault),
    grouping: grouping(1),
    wrong: wrongPasswordStore(kept.table),
    push: pushes(world),
    upstream,
    clock,
    chance: random.next,
    measure: unmeasured,
    startUpkeep: async () => world.exchange('start upkeep', () => {}),
  })

  // Lambda's: one login at a time in each; one in which a login crashed or ran out of time is gone.
  const idle: ReturnType<typeof logIn>[] = []
  const counts = { logins: 0, admitted: 0, crashes: 0 }
  const login = async (device: string, number: number, password: string) => {
    counts.logins += 1
    const environment = idle.splice(random.below(idle.length + 1), 1)[0] ?? logIn(environmentParts())
    const name = `login ${counts.logins} of ${device}`
    const login = { device, number, connection: `c${number}`, frame: { type: 'login', user: USER, password } } as const
    oracle.loginBegins(name, device, number)
    const ended = await world.start(name, () => environment({ ...login, now: clock.now() }), {
      limitMs: LOGIN_LIMIT_MS,
    })
    if (ended.state !== 'crashed') idle.push(environment)
    oracle.loginEnded(name, ended)
    if (ended.state === 'crashed') counts.crashes += 1
    if (ended.state !== 'done' || ended.value.type !== 'accepted') return undefined
    counts.admitted += 1
    return { session: ended.value.session, connection: login.connection }
  }

  /** What the functions do for a frame or an event of a session, as processes of their own. */
  let frames = 0
  const invoke = async <T>(what: string, session: string, work: () => Promise<T>) => {
    frames += 1
    const name = `${what} ${frames}`
    oracle.actsFor(name, session)
    return world.start(name, work, { limitMs: LOGIN_LIMIT_MS })
  }
  const said = statusStory(stores)
  const status = async (device: string, { session, connection }: Where, number: number) => {
    const frame = { type: 'status', session, ack: 0, active: true, answer: true } as const
    const ended = await invoke('status', session, () => said({ frame, number, device, connection, now: clock.now() }))
    if (ended.state === 'done') oracle.wasHeard(session, number)
    return !('thrown' in ended && ended.thrown instanceof Refusal)
  }
  const left = logOutStory({ ...stores, grouping: grouping(1), upstream })
  const logOut = (device: string, { session, connection }: Where, number: number) => {
    const frame = { type: 'logout', session } as const
    return invoke('logout', session, () => left({ frame, number, device, connection, now: clock.now() }))
  }
  /** The story, whose session the oracle learns as the story does. */
  const disconnect = (device: string, connection: string, session: string) => {
    const ofDevice = async () => {
      const has = await stores.sessions.ofDevice(device)
      if (has !== undefined) oracle.actsFor(world.who(), has.session, connection)
      return has
    }
    const gone = disconnectStory({ seats: stores.seats, sessions: { ...stores.sessions, ofDevice } })
    return invoke('disconnect', session, () => gone(device, connection))
  }

  const device = async (name: string) => {
    let at: Where | undefined
    let number = 1_000 * (1 + random.below(9))
    let connections = 0
    const caught: number[] = []
    for (let acts = restless ? 12 : 3 + random.below(5); acts > 0 || clock.now() < until; acts -= 1) {
      await pause(random.chance(0.3) ? random.below(restless ? QUIET_MS : 25_000) : random.below(500))
      if (isLong) await pause(random.below(random.chance(0.5) ? 9 * DAY_MS : DAY_MS))
      if (caught.length > 0 && random.chance(0.2)) await login(name, random.pick(caught), 'right')
      number += 2
      if (at === undefined) {
        const password = random.chance(0.1) ? WRONG : 'right'
        // A program that is started twice, three times, at once; the last of them is the one that is looked at.
        const atOnce = random.chance(0.25) ? 1 + random.below(3) : 0
        const earlier = Array.from({ length: atOnce }, (_, index) => login(name, number + index, password))
        number += atOnce
        const attempt = login(name, number, password)
        // A device that waits no longer, and tries again; somebody who plays its frame once more.
        const isPlayedAgain = random.chance(0.15)
        const isImpatient = !isPlayedAgain && random.chance(0.15)
        if (isPlayedAgain) await Promise.all([attempt, login(name, number, password)])
        else if (isImpatient) await Promise.race([attempt, login(name, number + 1, password), pause(200)])
        at = await attempt
        await Promise.all(earlier)
        caught.push(number)
        continue
      }
      const act = random.below(10)
      if (act < 5) {
        const later = status(name, at, number + 1)
        if (random.chance(0.3)) await Promise.all([later, status(name, at, number)])
        if (!(await later)) at = undefined
        number += 1
      } else if (act < 7) {
        await disconnect(name, at.connection, at.session)
        connections += 1
        at = { ...at, connection: `${name}-${connections}` }
      } else if (act < 8) {
        await logOut(name, at, number)
        at = undefined
      } else if (act < 9) {
        // It forgot its session, and logs in anew.
        at = undefined
      }
    }
  }

  const tick = async () => {
    const parts = environmentParts()
    const settings = await parts.configuration.settings(clock.now())
    await unlistened(settings, clock.now(), parts)
    const now = clock.now()
    const open = (await stores.seats.read(0)).filter((seat): seat is Open => seat.state === 'open')
    for (const seat of open.filter(({ lastHeardAt }) => isInactive(lastHeardAt, now, settings))) {
      if (await stores.seats.end(seat)) await endSession(seat, 'inactive', parts)
    }
  }
  const changeMaximum = async () => {
    const { maximumSessions: _former, ...rest } = first
    // What gets no answer is not tried again: it may be done, or not.
    await configured.table.put({ ...SETTINGS_KEY, ...rest, maximumSessions: 1 + random.below(5) }).catch(() => {})
  }
  const upkeep = async () => {
    for (let ticks = restless ? 12 : 2 + random.below(3); ticks > 0 || clock.now() < until; ticks -= 1) {
      await pause(random.below(restless ? QUIET_MS : 2 * QUIET_MS))
      if (isLong) await pause(random.below(4 * DAY_MS))
      const ticking = world.start('upkeep', tick, { limitMs: LISTEN_LIMIT_MS })
      if (restless && random.chance(0.4)) {
        await changeMaximum()
        await login(`visitor ${ticks}`, 1_000, 'right')
      }
      await ticking
    }
  }
  const administrator = async () => {
    for (let changes = restless ? 8 : random.below(3); changes > 0; changes -= 1) {
      await pause(random.below(random.chance(0.3) ? 1_000 : 2 * QUIET_MS))
      if (isLong) await pause(random.below(5 * DAY_MS))
      await changeMaximum()
    }
  }

  const all = [
    ...Array.from({ length: maximum + 1 + random.below(3) }, (_, index) => `device ${index}`).map((name) =>
      world.start(name, () => device(name), { mayCrash: false }),
    ),
    world.start('schedule', upkeep, { mayCrash: false }),
    world.start('administrator', administrator, { mayCrash: false }),
  ]
  await world.run()
  await mustBeDone(all)
  await oracle.allIsQuiet(async (name) => {
    const login = { type: 'login', user: USER, password: 'right' } as const
    const environment = logIn(environmentParts())
    oracle.loginBegins(name, name, 1)
    const ended = await world.start(name, () =>
      environment({ device: name, number: 1, connection: name, frame: login, now: clock.now() }),
    )
    oracle.loginEnded(name, ended)
    return ended
  })
  return { steps: world.steps(), ...counts }
}

interface Where {
  readonly session: string
  readonly connection: string
}

/** A harness that fails is no schedule. */
async function mustBeDone(all: readonly Promise<{ readonly state: string }>[]): Promise<void> {
  for (const each of await Promise.all(all)) {
    if ('thrown' in each) throw each.thrown
  }
}

/** Some schedules have no faults at all, so that what must hold without them can be asked, too. */
function faultsOf(seed: number): Partial<Faults> {
  const stale = 0.5
  if (seed % 4 === 0) return { stale, longPause: 0.01 }
  if (seed % 4 === 1) return { stale, longPause: 0.01, answerLost: 0.05 }
  return { stale, longPause: 0.02, answerLost: 0.03, crash: 0.004, unreachable: 0.004 }
}

function pushes(world: Simulation): Push {
  return (_, { connection }) => world.exchange(`post ${connection}`, () => world.random.chance(0.7))
}

/**
 * A CWA that takes the right password, below the port's implementation of it: sockets and timers of Node's, which its
 * HTTP client needs, have no place in a schedule.
 */
function cwa(world: Simulation): Upstream {
  return cwaUpstream(cwaModel(world))
}

/** The server in memory, with a network before it. */
export function memory(world: Simulation): Upstream {
  const users = [{ user: USER, password: 'right' }]
  return memoryUpstream({ users, clock: world.clock, way: network(world) }).upstream
}

/** The client of Matrix, on the stand-in. */
export function matrix(world: Simulation): Upstream {
  return admissionMatrix(world, USER)
}

function cwaModel(world: Simulation): CwaClient {
  const ask = <T>(what: string, answer: () => T) => world.exchange(`CWA: ${what}`, answer, { again: false })
  const uri = 'sip:ann@contoso.test'
  return {
    signIn: (_, password) =>
      ask('sign in', () => {
        if (password === WRONG) throw new SignInRefused(['the password is wrong'])
        return { ticket: 't', signInData: 'd', uri, by: 'iwa' as const, steps: [] }
      }),
    initiateSession: () => ask('initiateSession', () => ({ sid: 's', ticket: 't', uri, pollWaitMs: 0 })),
    command: () => ask('command', () => ({ answers: [], ticket: 't' })),
    poll: () => ask('GET', () => ({ events: [], ackId: 0, ticket: 't' })),
    terminateSession: () => ask('terminateSession', () => {}),
    close: () => {},
  }
}
