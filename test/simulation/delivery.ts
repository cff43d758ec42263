import { upkeep as upkeepStory } from '../../functions/listening/upkeep.ts'
import { disconnect } from '../../functions/session/disconnect.ts'
import { status as statusStory } from '../../functions/session/status.ts'
import { poll as polling } from '../../functions/session/poll.ts'
import type { Push } from '../../functions/session/push.ts'
import { send as sending } from '../../functions/session/send.ts'
import type { Request } from '../../functions/envelope/envelope.ts'
import type { UpkeepEvent } from '../../functions/listening/upkeep.ts'
import type { Wake } from '../../functions/listening/waking-event.ts'
import type { Hold } from '../../shared/device/hold.ts'
import { Disconnected, Refused } from '../../shared/device/refused.ts'
import type { SendState } from '../../shared/device/send-state.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Upstream } from '../../shared/upstream/upstream.ts'
import { unmeasured } from '../../shared/rules/measures.ts'
import { AVAILABILITIES, type Command } from '../../shared/rules/messaging.ts'
import { Refusal, type RefusalCode } from '../../shared/rules/refusal.ts'
import { SHARD_SEATS, sessionId, type Open } from '../../shared/rules/seat.ts'
import { DEFAULT_SETTINGS, type Settings } from '../../shared/rules/settings.ts'
import { grouping as watchingOf } from '../../shared/rules/listener-group.ts'
import { configuration } from '../../shared/store/configuration/configuration.ts'
import { mailbox } from '../../shared/store/mailbox.ts'
import { seatHints } from '../../shared/store/seats/seat-hint.ts'
import { itemOf, keyOf } from '../../shared/store/seats/seat-item.ts'
import { seats } from '../../shared/store/seats/seats.ts'
import { expiry, sessions } from '../../shared/store/sessions.ts'
import { SETTINGS_KEY } from '../../shared/store/configuration/settings-change.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import type { DeviceFrame, ServiceFrame } from '../../shared/wire/frames.ts'
import { openVault } from '../kit/vault.ts'
import { simulatedDatabase, type Rewrite } from '../kit/simulation/database.ts'
import { expiryBy } from '../kit/simulation/expiry.ts'
import { type Faults, simulation } from '../kit/simulation/simulation.ts'
import { simulatedCwa } from './delivery-cwa.ts'
import { simulatedDevice, type SimulatedDevice } from './delivery-device.ts'
import { simulatedGateway, type Sent } from './delivery-gateway.ts'
import { deliveryOracle, INVARIANTS } from './delivery-oracle.ts'
import { FIRST_EVENTS, type StartServer } from './delivery-server.ts'

/** What the service's functions are made of, for a mutation that breaks one on purpose. */
export interface Parts {
  readonly seats: ReturnType<typeof seats>
  readonly sessions: ReturnType<typeof sessions>
  readonly mailbox: ReturnType<typeof mailbox>
  readonly listenerGroups: ReturnType<typeof listenerGroups>
  readonly seatHints: ReturnType<typeof seatHints>
  readonly upstream: Upstream
  readonly push: Push
  /** The listeners' clock. */
  readonly clock: Clock
}

export interface ScheduleOptions {
  readonly seed: number
  /** The server upstream. Default: CWA. */
  readonly server?: StartServer
  /** Puts another condition in the place of one. */
  readonly rewrite?: Rewrite
  /** Puts another part in the place of one. */
  readonly parts?: (parts: Parts) => Parts
  /** What a device makes of a frame before it takes it. */
  readonly through?: () => (frame: ServiceFrame) => ServiceFrame
}

/** What one schedule came to. */
export interface Played {
  readonly steps: number
  readonly messages: number
  readonly listeners: number
  readonly crashes: number
  readonly wakes: number
}

const USERS = ['ann', 'bob', 'cid'] as const
const CONVERSATION = '1'
/** How often devices poll at the end, and how long each time is waited for what comes. */
const MOST_POLLS = 6
const POLLED_MS = 30_000
/** More than any schedule takes: two listeners that end each other's GETs take many. */
const MOST_STEPS = 500_000
/** Longer than a schedule. */
const NEVER_MS = 24 * 60 * 60_000
const DAY_MS = 24 * 60 * 60_000
/** How long a schedule of weeks lasts, and how much of it passes at once at most: longer than any device is online. */
const WEEKS_MS = 30 * DAY_MS
const LEAP_MS = 1.5 * DAY_MS
/** How long no listener runs when nothing runs at all: longer than what is kept of a session. */
const OUTAGE_MS = 8 * DAY_MS
/** How often a client that does not wait asks again for a send whose turn it is not, and how much longer it waits each time. */
const TRIES = 100
const TURN_MS = 100
/** Refusals after which such a client asks again under the same number. */
const TRY_AGAIN: ReadonlySet<RefusalCode> = new Set([
  'replayed',
  'out-of-order',
  'in-progress',
  'too-many',
  'upstream-away',
  'internal',
])
/** How long it may take, with nothing going wrong any more, until all is delivered, in milliseconds. */
const DRAIN_MS = 6 * 60_000
/** How long a receipt may take then: it waits for two seconds, and its listener may know the device's last connection for ten. */
const RECEIPTS_MS = 15_000

/**
 * One schedule of delivery: two or three users write to each other from devices that come and go, whose connections end
 * with and without a word; the service's own stories carry what they say up and down, in functions that are stopped at
 * any line, by listeners that are killed, doubled and handed over. Then nothing goes wrong any more, and all must come
 * to its end.
 *
 * @throws Violation where an invariant of delivery-oracle.ts does not hold
 */
export async function playDelivery(options: ScheduleOptions): Promise<Played> {
  const { seed, server: start = simulatedCwa, rewrite, parts: mutate, through } = options
  const world = simulation({ seed, faults: faultsOf(seed) })
  const { random, clock, pause } = world
  const kept = simulatedDatabase(world, { expiry: expiryBy(random), ...(rewrite && { rewrite }) })
  const configured = simulatedDatabase(world)
  const oracle = deliveryOracle(world, kept)
  const server = start({ world, oracle, users: USERS, conversation: CONVERSATION })
  if (server.upstream.capabilities.has('idempotent-sends')) oracle.doesKeysOnce()
  const settings: Settings = {
    ...DEFAULT_SETTINGS,
    persistentConnections: SHARD_SEATS,
    // Some devices find a dead socket by themselves before the end, by an answered sign of life; others must be woken.
    statusIntervalMs: 20_000 + random.below(120_000),
    wakeAfterMs: 30_000 + random.below(30_000),
    ...(random.chance(0.4) && { mailboxBatches: 2 + random.below(6) }),
    ...(random.chance(0.2) && { mailboxBytes: 2_000 + random.below(40_000) }),
  }
  configured.place({ ...SETTINGS_KEY, ...settings })
  const grouping = watchingOf(SHARD_SEATS)
  /** Whether some listeners take no notice of the lease, so that there are two at once for long. */
  const careless = random.chance(0.25)
  let isOver = false
  const counts = { messages: 0, listeners: 0, crashes: 0, wakes: 0 }

  const push: Push = (frame, { connection }, number) => gateway.post(connection, { frame, action: 'push', number })
  const whole = (mutate ?? same)({
    seats: seats(kept.table),
    sessions: sessions(kept.table, openVault),
    mailbox: mailbox(kept.table),
    listenerGroups: listenerGroups(kept.table),
    seatHints: seatHints(kept.table),
    upstream: server.upstream,
    push,
    clock,
  })
  const status = statusStory(whole)
  const poll = polling({ ...whole, grouping, measure: unmeasured })
  const send = sending({
    ...whole,
    configuration: configuration(configured.table, openVault),
  })

  /** What the functions do, each for a frame of its action. */
  const story = async (sent: Sent): Promise<ServiceFrame | undefined> => {
    const { frame, device, connection, number } = sent
    const now = clock.now()
    if (isOf('login', sent)) return login(device, connection, number)
    if (isOf('poll', sent)) return poll({ ...sent, now })
    if (isOf('send', sent)) return send({ ...sent, now })
    if (isOf('status', sent)) return status({ ...sent, now })
    throw new TypeError(`no device here says ${frame.type}`)
  }

  const gateway = simulatedGateway({
    world,
    story,
    disconnected: disconnect(whole),
    nameOf: (what, frame) => ('session' in frame ? `${what} of ${frame.session}` : what),
  })

  /** In one step, as if nothing ever went wrong with a login: how it goes otherwise is simulated elsewhere. */
  const login = async (device: string, connection: string, number: number): Promise<ServiceFrame> => {
    const now = clock.now()
    const place = USERS.findIndex((user) => user === device)
    // One that was overtaken by a later one of its device is refused, as admission does.
    const heard = Number(kept.item(keyOf(place))?.['h'] ?? 0)
    if (heard >= number) throw new Refusal('replayed', { heard })
    const session = sessionId(place, `${device}-simulated-${number}`)
    const { state, cursor: upstream } = server.open(device)
    const uri = server.uriOf(device)
    const seat: Open = {
      state: 'open',
      number: place,
      session,
      device,
      user: device,
      coverage: 'in',
      connection,
      lastHeardAt: now,
      heard: number,
      acked: FIRST_EVENTS,
      active: true,
      sent: 0,
    }
    const cursor = { seq: FIRST_EVENTS, upstream }
    kept.place({ ...itemOf(seat) })
    kept.place({
      pk: `SESSION#${session}`,
      sk: '-',
      session,
      device,
      user: device,
      uri,
      ...state,
      openedAt: now,
      cursor,
      ...expiry(now),
    })
    kept.place({ pk: `DEVICE#${device}`, sk: '-', session, heard: number, ...expiry(now) })
    oracle.hasSession(device, session, state.public)
    const isListened = await whole.listenerGroups.notify(0, now).catch(() => false)
    if (!isListened) await startUpkeep({ group: 0 }).catch(() => {})
    const batches = [{ seq: FIRST_EVENTS, events: [] }]
    return {
      type: 'accepted',
      session,
      uri,
      steps: [],
      statusIntervalMs: settings.statusIntervalMs,
      capabilities: [],
      batches,
    }
  }

  /** Lambda starts what it was asked to start, at least once. */
  const startUpkeep = (event: UpkeepEvent) =>
    world.exchange('start upkeep', () => {
      upkeep(event)
      if (random.chance(0.1)) upkeep(event)
    })

  /** The function of the same name, as its environment runs it. */
  const upkeep = (event: UpkeepEvent) => {
    counts.listeners += 1
    const { from } = event
    const listener = `upkeep ${counts.listeners}${from === undefined ? '' : ` after ${from.split(' after ')[0]}`}`
    const limitMs = 80_000 + random.below(120_000)
    const endsAt = clock.now() + limitMs
    const isCareless = careless && random.chance(0.3)
    const listenerGroups = isCareless ? regardless(whole.listenerGroups, () => !isOver) : looked(whole.listenerGroups)
    const environment = {
      ...whole,
      listenerGroups,
      // Whether a device is enrolled is another story.
      configuration: { ...configuration(configured.table, openVault), deviceState: async () => 'active' as const },
      random: random.next,
      wake,
      measure: unmeasured,
      publish: () => {},
    }
    const timeLeft = () => endsAt - clock.now()
    const work = () => upkeepStory({ ...environment, grouping, startUpkeep })(event, { listener, timeLeft })
    void world.start(listener, work, { limitMs }).then(({ state }) => {
      if (state === 'crashed') counts.crashes += 1
    })
  }

  const holder = () => kept.item({ pk: 'GROUP#0000', sk: '-' })?.['listener']
  const looked = (listenerGroups: Parts['listenerGroups']): Parts['listenerGroups'] => ({
    ...listenerGroups,
    async succeed(group, listener, from, now) {
      const before = holder()
      const done = await listenerGroups.succeed(group, listener, from, now)
      if (!done && before === from && holder() === from) world.violated(INVARIANTS.letIn)
      return done
    },
  })

  const devices = new Map<string, SimulatedDevice>()
  const wake: Wake = async ({ session, device }) => {
    oracle.wakes(session)
    await world.exchange(`wake ${device}`, () => {
      counts.wakes += 1
      // A device that is woken comes back: its program resumes.
      devices.get(device)?.does((held) => resumed(held))
    })
  }

  /** What is no part of the service must not fail: a schedule that lost half of itself shows nothing. */
  let failure: { readonly thrown: unknown } | undefined
  const mustRun = (name: string, work: () => Promise<void>) => {
    void world.start(name, work, { mayCrash: false }).then((ended) => {
      if (ended.state === 'failed') failure ??= ended
    })
  }

  const users = USERS.slice(0, 2 + random.below(2))
  /** Clients that were written from the protocol alone, and do not wait for one answer before the next send. */
  const hasty = new Set(users.filter(() => random.chance(0.3)))
  for (const name of users) {
    const device = simulatedDevice({
      world,
      gateway,
      name,
      movesAfterMs: random.chance(0.4) ? 20_000 + random.below(100_000) : NEVER_MS,
      isHasty: hasty.has(name),
      tell(event) {
        oracle.heard(name, event)
        if (event.kind === 'ended') device.does((held) => loggedIn(held, name))
      },
      ...(through && { through: through() }),
    })
    devices.set(name, device)
    mustRun(name, device.run)
    device.does((held) => loggedIn(held, name))
  }

  const hurried = async (held: Hold, from: (typeof USERS)[number], command: Command) => {
    const session = held.session?.id ?? ''
    const device = devices.get(from)
    const number = device?.numbers(session) ?? 0
    const ask = () =>
      held.ask(() => ({ type: 'send', session, number, ack: device?.acknowledged(session) ?? 0, command }))
    const heard = (state: SendState) => oracle.heard(from, { kind: 'send', command, ...state })
    for (let tries = 1; ; tries += 1) {
      try {
        await ask()
        return heard({ state: 'accepted' })
      } catch (thrown) {
        const isNotYet = thrown instanceof Refused && TRY_AGAIN.has(thrown.code) && tries < TRIES
        const reason = String(thrown)
        if (!isNotYet) {
          const isSure = thrown instanceof Refused && thrown.code === 'upstream-refused'
          return heard({ state: isSure ? 'failed' : 'unconfirmed', reason })
        }
        // When the service says when, then: so those that wait for the same come at once.
        await pause(thrown.retryAfterMs ?? random.below(tries * TURN_MS))
      }
    }
  }

  let unsaid = 0
  const say = (from: (typeof USERS)[number]) => {
    counts.messages += 1
    unsaid += 1
    const long = random.chance(0.1) ? ' '.padEnd(6_000 + random.below(9_000), 'long ') : ''
    const command = { kind: 'message', conversation: CONVERSATION, text: `${from} ${counts.messages}.${long}` } as const
    devices.get(from)?.does((held) => {
      unsaid -= 1
      if (held.session === undefined) return
      oracle.sends(from, command)
      if (hasty.has(from)) void hurried(held, from, command)
      else held.session.send(command).catch(() => {})
    })
  }

  /** What goes wrong that is not an exchange's: one thing after the other. */
  const happens = (user: (typeof USERS)[number]) => {
    const device = devices.get(user)
    const what = random.below(100)
    if (what < 45) say(user)
    else if (what < 53) server.publish(user, random.pick(AVAILABILITIES))
    else if (what < 61) gateway.cut(user, 'closed')
    else if (what < 68) gateway.cut(user, 'silently')
    else if (what < 73) {
      gateway.reach(user, false)
      gateway.cut(user, random.pick(['closed', 'silently']))
    } else if (what < 80) gateway.reach(user, true)
    else if (what < 83) device?.does((held) => held.line.drop(new Disconnected('its program closed it')))
    else if (what < 87) device?.does((held) => resumed(held))
    else if (what < 90) device?.does((held) => held.session?.status(random.chance(0.5)).catch(() => {}))
    else if (what < 93) device?.does((held) => held.session?.fetch(held.ask).catch(() => {}))
    else if (what < 95) upkeep({})
    else if (what < 97) upkeep({ group: 0 })
    else world.crash(`upkeep ${1 + random.below(counts.listeners + 1)}`)
  }

  /**
   * A month: something happens now and then, and a day passes. Connections are over by then, and so are listeners: of
   * the hand-overs of that day one is left. Devices that cannot be reached stay away for days. Now and then nothing runs
   * for more than a week: then sessions may be over, and devices log in anew.
   */
  const weeks = async () => {
    const endsAt = clock.now() + WEEKS_MS
    while (clock.now() < endsAt) {
      for (let left = random.below(5); left > 0; left -= 1) {
        await pause(random.below(1_500))
        happens(random.pick(users))
      }
      // Until somebody listens again, and has done what is to be done each day.
      await pause(60_000 + random.below(90_000))
      if (random.chance(0.03)) {
        oracle.outage()
        world.leap(OUTAGE_MS + random.below(LEAP_MS))
      } else {
        world.leap(random.below(LEAP_MS))
      }
      for (const user of users) gateway.cut(user, random.pick(['closed', 'silently']))
    }
    isOver = true
  }
  const chaos = async () => {
    for (let left = 12 + random.below(24); left > 0; left -= 1) {
      await pause(random.chance(0.1) ? random.below(40_000) : random.below(1_500))
      happens(random.pick(users))
    }
    isOver = true
  }
  const schedule = async () => {
    for (;;) {
      upkeep({})
      if (random.chance(0.1)) upkeep({})
      await pause(15_000 + random.below(45_000))
    }
  }
  mustRun('chaos', isLong(seed) ? weeks : chaos)
  mustRun('schedule', schedule)

  const runUntil = async (isDone: () => boolean) => {
    await world.run({ until: () => failure !== undefined || isDone(), steps: MOST_STEPS })
    if (failure !== undefined) throw failure.thrown
  }
  await runUntil(() => isOver)
  world.calm()
  world.note('--- nothing goes wrong any more')
  let isCalm = false
  const calm = async () => {
    for (const user of users) {
      gateway.reach(user, true)
      // Who closed comes back some time; who has lost coverage without a word does not know.
      devices.get(user)?.does((held) => held.line.state === 'offline' && resumed(held))
      if (random.chance(0.5)) say(user)
    }
    isCalm = true
  }
  mustRun('calm', calm)
  const until = clock.now() + DRAIN_MS
  // Nobody waits for a receipt: what a listener has in hand as it crashes comes with the next poll, or the next event.
  const mustComeAlone = seed % 4 < 2 && !isLong(seed)
  const areReceiptsThere = () =>
    !mustComeAlone || counts.crashes > 0 || oracle.haveReceipts(users.filter((user) => gateway.hears(user)))
  let looksAt = 0
  const isQuiet = () => {
    if (clock.now() < looksAt) return false
    looksAt = clock.now() + 500
    return isCalm && unsaid === 0 && oracle.isQuiet()
  }
  await runUntil(() => isQuiet() || clock.now() > until)
  const isStuck = !oracle.isQuiet()
  const receiptsUntil = clock.now() + RECEIPTS_MS
  await runUntil(() => areReceiptsThere() || clock.now() > receiptsUntil)
  if (!areReceiptsThere()) world.violated(INVARIANTS.receipts)
  // The listener may still have to fetch what is to be polled.
  let polled = 0
  const arePolled = () => polled === users.length && oracle.isPresent()
  // One that was logging in as the line died waits for its answer first: a round more.
  for (let rounds = 0; rounds < MOST_POLLS && !arePolled(); rounds += 1) {
    polled = 0
    for (const user of users) devices.get(user)?.does((held) => void resumed(held).then(() => (polled += 1)))
    const next = clock.now() + POLLED_MS
    await runUntil(() => arePolled() || clock.now() > next)
  }
  oracle.allIsQuiet()
  // What a poll brings was not lost, but without this the device would not have polled.
  if (isStuck || polled < users.length) world.violated(INVARIANTS.delivered)
  await runUntil(() => true)
  return { steps: world.steps(), ...counts }
}

/** One schedule of twenty lasts for weeks: it takes as many steps as all the others. */
function isLong(seed: number): boolean {
  return seed % 20 === 7
}

/** A lease that keeps no listener out, for as long as things go wrong. */
function regardless(listenerGroups: Parts['listenerGroups'], goesWrong: () => boolean): Parts['listenerGroups'] {
  return {
    ...listenerGroups,
    claim: async (...asked) => goesWrong() || listenerGroups.claim(...asked),
    succeed: async (...asked) => goesWrong() || listenerGroups.succeed(...asked),
    async look(group) {
      const { revision, ...lease } = await listenerGroups.look(group)
      return goesWrong() ? { revision } : { revision, ...lease }
    },
  }
}

/** As `login` of shared/device/device.ts, again and again. */
async function loggedIn(held: Hold, user: string): Promise<void> {
  for (;;) {
    try {
      held.forget(new Refused({ code: 'replaced' }))
      const connection = await held.line.open()
      await connection.ask({ type: 'login', user, password: 'secret' })
      return held.line.keep(connection)
    } catch {
      // It tries until it is in.
    }
  }
}

/** As `resume` there: who has no session has nothing to resume. */
async function resumed(held: Hold): Promise<void> {
  if (held.session === undefined) return
  await held.line.regain().catch(() => {})
}

function isOf<A extends DeviceFrame['type']>(
  action: A,
  sent: Sent,
): sent is Sent & Pick<Request<Extract<DeviceFrame, { type: A }>>, 'frame'> {
  return sent.frame.type === action
}

function same(parts: Parts): Parts {
  return parts
}

/** Some schedules have no faults at all, so that what must hold without them can be asked, too. */
function faultsOf(seed: number): Partial<Faults> {
  const stale = 0.3
  if (seed % 4 === 0) return { stale, longPause: 0.002 }
  if (seed % 4 === 1) return { stale, longPause: 0.002, answerLost: 0.03 }
  return { stale, longPause: 0.004, answerLost: 0.02, crash: 0.002, unreachable: 0.01 }
}
