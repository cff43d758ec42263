import { isWaitedFor } from '../../shared/rules/backlog.ts'
import type { Mail } from '../../shared/rules/batches.ts'
import type { Availability, Command, Uri } from '../../shared/rules/messaging.ts'
import type { DeviceEvent } from '../../shared/device/event.ts'
import { shardKey, randomOf, type SeatItem } from '../../shared/store/seats/seat-item.ts'
import type { ListenerGroup } from '../../shared/store/listener-groups.ts'
import type { Change, SimulatedDatabase } from '../kit/simulation/database.ts'
import type { Simulation } from '../kit/simulation/simulation.ts'

/** What must hold, whatever happens. The words are what a violation is called. */
export const INVARIANTS = {
  shownOnce: 'no message is shown twice',
  inOrder: 'messages are shown in the order in which they came upstream',
  lost: 'no message is lost in silence: its receiver shows it, or heard of a gap where it was',
  postedOnce: 'no message is posted twice',
  postOrder: 'posts of a device that were accepted do not overtake each other',
  truthful: 'a sender hears what really became of its message',
  settled: 'a sender hears something in the end',
  receipts: 'a receipt reaches a device that can be reached, without its asking',
  delivered: 'for a message that waits, the service posts it or wakes the device: nothing is stuck',
  cursorLast: 'upstream is never acknowledged beyond what the mailbox holds',
  numberOnce: 'no batch number of a session is written twice, also where the first is deleted by then',
  frameOnce: 'a frame counts once',
  ownSeat: 'a function that acts for a session writes on its seat alone',
  outcomeOfItself: 'an outcome is noted for the send that is under way',
  wokenOnce: 'a device is woken once until it says something',
  heir: 'an heir takes a group over from the listener that started it, or where there is no listener',
  letIn: 'a listener that was started to go on takes the group over from the one that started it',
  confirmed: 'a server that does a command under a key once leaves no send unconfirmed',
  usable: 'a session goes on until something ends it',
  presence: 'the last presence that a device shows of a contact is the last there was',
} as const

export interface DeliveryOracle {
  /** A program sends this text; the command is the same object that its device tells of. */
  readonly sends: (from: string, command: Command) => void
  /** What a device tells its program. */
  readonly heard: (device: string, event: DeviceEvent) => void
  /** The device has this session from now on, and forgets what was in its last one. */
  readonly hasSession: (device: string, session: string, sid: string) => void
  /** The server has taken a message from a device, and puts it into the queues of others. */
  readonly posted: (text: string, queues: ReadonlyMap<string, number>) => void
  /** The server is asked for what came after an event. */
  readonly acknowledged: (sid: string, eid: number) => void
  readonly presence: (user: string, uri: Uri, availability: Availability) => void
  /** The server does a command under a key once. */
  readonly doesKeysOnce: () => void
  /** No listener runs for longer than sessions are kept: those that there are may end, and their devices hear it. */
  readonly outage: () => void
  readonly wakes: (session: string) => void
  /** Whether there is nothing left that a sender or a receiver waits for. */
  readonly isQuiet: () => boolean
  /** Whether these devices heard of all that arrived, as far as it is in their mailboxes. */
  readonly haveReceipts: (devices: readonly string[]) => boolean
  /** Whether every device shows the presence that there is: a dormant one does once it has polled. */
  readonly isPresent: () => boolean
  /** When nothing goes wrong any more, and every device has polled. */
  readonly allIsQuiet: () => void
}

interface Message {
  readonly from: string
  readonly number: number
  state: string
  posts: number
  /** In the order of all posts. */
  postedAt: number
}

interface Gap {
  readonly until: number
}

interface Receiver {
  session: string
  sid: string
  /** Texts in the session's queue upstream, by event number, in order. */
  queue: { readonly eid: number; readonly text: string }[]
  /** Places in the queue of what was shown, and where the device showed a gap, with the length of the queue by then. */
  shown: (number | Gap)[]
  readonly presence: Map<string, Availability>
  /** Numbers of the sends of this session that arrived, as the device heard. */
  readonly receipts: Set<number | undefined>
  mayEnd: boolean
}

export function deliveryOracle(world: Simulation, kept: SimulatedDatabase): DeliveryOracle {
  const { violated } = world
  const messages = new Map<string, Message>()
  const bySend = new Map<Command, Message>()
  const receivers = new Map<string, Receiver>()
  const deviceOf = new Map<string, string>()
  const presences = new Map<Uri, Availability>()
  const userOf = new Map<Uri, string>()
  /** Who is being woken, and of whom it is noted that they were, since the last frame of each. */
  const waking = new Set<string>()
  const wokenSince = new Set<string>()
  const lastFrame = new Map<string, number>()
  /** What was ever in the mailboxes: the numbers of their batches, and what was said in those. */
  const numbers = new Set<string>()
  const said = new Set<string>()
  /** By mailbox, the numbers of the sends that arrived. */
  const arrived = new Map<string, Set<number | undefined>>()
  let posts = 0
  let isIdempotent = false

  const receiver = (device: string): Receiver => {
    const known = receivers.get(device)
    if (known === undefined) throw new TypeError(`${device} has no session`)
    return known
  }

  kept.watch((change) => {
    const { pk } = change.key
    if (pk.startsWith('MAIL#') && change.after !== undefined) onMail(change.key, mailItem(change.after))
    if (pk.startsWith('SEATS#')) onSeat(change)
    if (pk.startsWith('GROUP#')) onWatch(change)
  })

  const arrivedIn = (pk: string) => {
    const known = arrived.get(pk) ?? new Set()
    arrived.set(pk, known)
    return known
  }

  const onMail = ({ pk, sk }: Change['key'], { events }: Mail) => {
    if (numbers.has(`${pk} ${sk}`)) violated(INVARIANTS.numberOnce)
    numbers.add(`${pk} ${sk}`)
    for (const event of events) if (event.kind === 'delivered') arrivedIn(pk).add(event.number)
    for (const event of events) if (isWaitedFor(event) && 'text' in event) said.add(`${pk} ${event.text}`)
  }

  const onSeat = ({ by, before: was, after: is }: Change) => {
    const [before, after] = [was && seatItem(was), is && seatItem(is)]
    const acting = sessionOf(by)
    if (before !== undefined && acting !== undefined && randomOf(acting) !== before.s) violated(INVARIANTS.ownSeat)
    if (before === undefined || after === undefined || before.s !== after.s) return
    const isFrame = after.h !== before.h || after.t !== before.t
    if (isFrame) {
      if ((after.h ?? 0) <= (lastFrame.get(after.s) ?? 0)) violated(INVARIANTS.frameOnce)
      lastFrame.set(after.s, Math.max(after.h ?? 0, lastFrame.get(after.s) ?? 0))
      waking.delete(after.s)
      wokenSince.delete(after.s)
    } else if (after.v === true && waking.delete(after.s)) wokenSince.add(after.s)
    if (isIdempotent && after.r !== before.r && / unconfirmed /.test(after.r ?? '')) violated(INVARIANTS.confirmed)
    if (after.r !== before.r && Number.parseInt(after.r ?? '', 10) !== after.n) violated(INVARIANTS.outcomeOfItself)
  }

  const onWatch = ({ before, after }: Change) => {
    const [was, is]: Partial<ListenerGroup>[] = [before ?? {}, after ?? {}]
    if (was?.listener === undefined || is?.listener === undefined || was.listener === is.listener) return
    const isOver = (was.until ?? 0) <= world.clock.now()
    const [starter = was.listener] = was.listener.split(' after ')
    if (!isOver && !is.listener.endsWith(` after ${starter}`)) violated(INVARIANTS.heir)
  }

  const isExempt = ({ shown }: Receiver, at: number): boolean =>
    shown.some((each, index) => {
      if (isPlace(each)) return false
      const before = shown.slice(0, index).findLast(isPlace) ?? -1
      const next = shown.slice(index).find(isPlace) ?? Infinity
      return before < at && at < Math.min(next, each.until)
    })

  const lacking = (each: Receiver): string[] => {
    const shown = new Set(each.shown.filter(isPlace))
    return each.queue.flatMap(({ text }, at) => (shown.has(at) || isExempt(each, at) ? [] : [text]))
  }

  const show = (device: string, text: string) => {
    const to = receiver(device)
    const at = to.queue.findIndex((each) => each.text === text)
    const last = to.shown.findLast(isPlace) ?? -1
    if (to.shown.includes(at)) violated(INVARIANTS.shownOnce)
    else if (at < last) violated(INVARIANTS.inOrder)
    to.shown.push(at)
    world.note(`${device} shows ${text.slice(0, 20)}`)
  }

  const absent = (): string[] =>
    [...receivers].flatMap(([device, { presence }]) =>
      [...presences]
        .filter(([uri, is]) => userOf.get(uri) !== device && presence.get(uri) !== is)
        .map(([uri, is]) => `${device} shows ${uri} as ${presence.get(uri)}, and it is ${is}`),
    )

  return {
    sends(from, command) {
      const text = 'text' in command ? command.text : ''
      const number = [...messages.values()].filter((each) => each.from === from).length
      const message = { from, number, state: 'sending', posts: 0, postedAt: 0 }
      messages.set(text, message)
      bySend.set(command, message)
    },

    heard(device, event) {
      if (event.kind === 'message') show(device, event.text)
      else if (event.kind === 'presence') receiver(device).presence.set(event.uri, event.availability)
      else if (event.kind === 'delivered') receiver(device).receipts.add(event.number)
      else if (event.kind === 'state') world.note(`${device} is ${event.state} ${event.reason ?? ''}`)
      else if (event.kind === 'gap') {
        const { shown, queue } = receiver(device)
        shown.push({ until: queue.length })
        world.note(`${device} tells of a gap`)
      } else if (event.kind === 'ended') {
        world.note(`${device}'s session ended: ${event.code}, ${event.reason}`)
        if (event.code !== 'replaced' && !receiver(device).mayEnd) violated(INVARIANTS.usable)
      } else if (event.kind === 'send') {
        const message = bySend.get(event.command)
        if (message !== undefined) message.state = event.state
        world.note(`${device}: ${textOf(event.command)} is ${event.state}`)
      }
    },

    hasSession(device, session, sid) {
      const former = receivers.get(device)
      const queue = former?.sid === sid ? former.queue : []
      receivers.set(device, {
        session,
        sid,
        queue,
        shown: [],
        presence: new Map(presences),
        receipts: new Set(),
        mayEnd: false,
      })
      deviceOf.set(sid, device)
    },

    posted(text, queues) {
      const message = messages.get(text)
      if (message === undefined)
        throw new TypeError(`the server got a message that no device sent: ${text.slice(0, 40)}`)
      message.posts += 1
      posts += 1
      message.postedAt = posts
      if (message.posts > 1) violated(INVARIANTS.postedOnce)
      for (const [sid, eid] of queues) {
        const to = receivers.get(deviceOf.get(sid) ?? '')
        if (to?.sid === sid) to.queue.push({ eid, text })
      }
    },

    acknowledged(sid, eid) {
      const to = receivers.get(deviceOf.get(sid) ?? '')
      if (to?.sid !== sid) return
      const isKept = ({ text }: { readonly text: string }) => said.has(`MAIL#${to.session} ${text}`)
      if (to.queue.some((each) => each.eid <= eid && !isKept(each))) violated(INVARIANTS.cursorLast)
    },

    presence(user, uri, availability) {
      userOf.set(uri, user)
      presences.set(uri, availability)
    },

    doesKeysOnce() {
      isIdempotent = true
    },

    outage() {
      for (const each of receivers.values()) each.mayEnd = true
    },

    wakes(session) {
      if (wokenSince.has(randomOf(session))) violated(INVARIANTS.wokenOnce)
      // A frame that came between the note and the event has taken the note away: the event is of the time before it.
      const isNoted = kept
        .items(shardKey(0))
        .map(seatItem)
        .some(({ s, w }) => s === randomOf(session) && w !== undefined)
      if (isNoted) waking.add(randomOf(session))
    },

    isQuiet: () =>
      [...messages.values()].every(({ state }) => state !== 'sending') &&
      [...receivers.values()].every((each) => lacking(each).length === 0),

    haveReceipts: (devices) =>
      devices
        .map(receiver)
        .every(({ session, receipts }) => [...arrivedIn(`MAIL#${session}`)].every((number) => receipts.has(number))),

    isPresent: () => absent().length === 0,

    allIsQuiet() {
      const all = [...messages.values()]
      for (const { state, posts } of all) {
        if (state === 'sending') violated(INVARIANTS.settled)
        if (['accepted', 'delivered'].includes(state) && posts !== 1) violated(INVARIANTS.truthful)
        if (state === 'failed' && posts > 0) violated(INVARIANTS.truthful)
      }
      const sure = all.filter(({ state }) => state === 'accepted' || state === 'delivered')
      const overtaken = sure.some((one) =>
        sure.some((next) => one.from === next.from && one.number < next.number && one.postedAt > next.postedAt),
      )
      if (overtaken) violated(INVARIANTS.postOrder)
      for (const [device, each] of receivers) {
        for (const text of lacking(each)) {
          world.note(`${device} never showed ${text.slice(0, 20)}`)
          violated(INVARIANTS.lost)
        }
      }
      for (const words of absent()) {
        world.note(words)
        violated(INVARIANTS.presence)
      }
    },
  }
}

function isPlace(shown: number | Gap): shown is number {
  return typeof shown === 'number'
}

/** Processes that act for a session say so in their names: `send 7 of 0-abc`. */
function sessionOf(process: string): string | undefined {
  return / of (\S+)$/.exec(process)?.[1]
}

function textOf(command: Command): string {
  return 'text' in command ? command.text.slice(0, 20) : command.kind
}

/** Items are put by the stores: what is kept of one has their shape, unless a condition was broken. */
function seatItem(item: object): SeatItem {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return item as SeatItem
}

function mailItem(item: object): Mail {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return item as Mail
}
