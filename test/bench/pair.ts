import { Refused } from '../../shared/device/refused.ts'
import { wallClock } from '../../shared/clock.ts'
import type { Ledger, Said } from './ledger.ts'
import type { Seeded } from './seeded.ts'
import { pause, type Talker } from './talker.ts'

/** How long a conversation may take to come about, in milliseconds, before another one is begun. */
const CONNECT_MS = 45_000
const BURST = 3
const LAST_WORDS_EVERY_MS = 1_000

/** Two who talk with each other, for as long as they are let, whatever happens to their sessions. */
export interface Pair {
  /** Talks until `stop`. Rejects where that is impossible. */
  readonly talk: () => Promise<void>
  /** Resolves when the first conversation has come about. */
  readonly talking: Promise<void>
  readonly stop: () => void
  /** After the talk: each says something until it is shown to the other and its delivery to itself. */
  readonly lastWords: () => Promise<void>
  /** To be called when a session of one of the two has ended: their conversation is over. */
  readonly broken: () => void
  /** For people: what is still waited for; undefined when the last words are said. */
  readonly waitsFor: () => string | undefined
}

export interface PairOptions {
  readonly left: Talker
  readonly right: Talker
  readonly ledger: Ledger
  readonly random: Seeded
  /** Between what a side says and what it says next. */
  readonly pauseMs: { readonly least: number; readonly most: number }
  /** Throws when it is no use any more. */
  readonly goOn: () => void
}

/** A conversation, and the sessions it is between. */
interface Conversation extends Attempt {
  readonly sides: readonly [Side, Side]
}

/** What may become a conversation. */
interface Attempt {
  over: boolean
}

interface Side {
  readonly me: Talker
  readonly other: Talker
  readonly mySession: string
  readonly othersSession: string
  /** The conversation, as this side's server calls it. */
  readonly number: string
}

export function pair({ left, right, ledger, random, pauseMs, goOn }: PairOptions): Pair {
  // What ends with a session of the two; and the last conversation that came about.
  let current: Attempt | undefined
  let last: Conversation | undefined
  const stopping = new AbortController()
  const talking = Promise.withResolvers<void>()
  let greetings = 0
  let waitsFor: (() => string) | undefined = nothingYet

  async function converse(): Promise<Conversation> {
    for (;;) {
      goOn()
      const [l, r] = [await sessionOf(left), await sessionOf(right)]
      // The one who ended while the other came in is let in again.
      if (left.device.session !== l || right.device.session !== r) continue
      const attempt: Attempt = { over: false }
      current = attempt
      try {
        const [mine, others] = await connected()
        const sides = [
          { me: left, other: right, mySession: l, othersSession: r, number: mine },
          { me: right, other: left, mySession: r, othersSession: l, number: others },
        ] as const
        if (!attempt.over) return (last = Object.assign(attempt, { sides }))
      } catch {
        // Refused, or a session ended meanwhile: the next one may come about.
        await pause(LAST_WORDS_EVERY_MS)
      }
    }
  }

  /** The conversation's number on either side, once both hear that they are connected. */
  async function connected(): Promise<readonly [string, string]> {
    greetings += 1
    const text = `hello ${greetings}`
    const invited = right.next('invitation', (event) => event.from === left.uri && event.subject === text, CONNECT_MS)
    const there = new Set<string>()
    const seen = left.device.on((event) => {
      if (event.kind === 'conversation' && event.state === 'connected') there.add(event.conversation)
    })
    try {
      waitsFor = () => `the answer to ${text}`
      const { conversation: mine = '' } = await left.device.send({
        kind: 'start',
        to: [right.uri],
        text,
        subject: text,
      })
      waitsFor = () => `the invitation of ${text}`
      const { conversation: others } = await invited
      const accepted = right.next('conversation', (event) => isConnected(event, others), CONNECT_MS)
      waitsFor = () => `${text} to be accepted`
      await right.device.send({ kind: 'accept', conversation: others })
      await accepted
      waitsFor = () => `${text} to be connected on the left`
      if (!there.has(mine)) await left.next('conversation', (event) => isConnected(event, mine), CONNECT_MS)
      return [mine, others]
    } finally {
      seen()
    }
  }

  async function speak(conversation: Conversation, side: Side, random: Seeded): Promise<void> {
    while (!stopping.signal.aborted && !conversation.over) {
      const burst = Array.from({ length: 1 + random.below(BURST) }, async () => say(conversation, side).sent)
      await Promise.all(burst)
      if (random.next() < 0.2) await noise(side, random)
      await pause(random.between(pauseMs.least, pauseMs.most))
    }
  }

  /** Not awaited before the next one: that they stay in order is the library's and the service's business. */
  function say(conversation: Conversation, { me, other, mySession, othersSession, number }: Side) {
    const said: Said = ledger.saying({
      from: me.uri,
      to: other.uri,
      senderSession: mySession,
      receiverSession: othersSession,
    })
    const sent = me.device.send({ kind: 'message', conversation: number, text: said.text }).then(
      (answer) => said.accepted(answer.number, wallClock.now()),
      (thrown: unknown) => {
        said.refused(thrown instanceof Refused ? thrown.code : 'error')
        // Such as: there is no such conversation any more.
        if (!(thrown instanceof Refused) || thrown.code === 'upstream-refused') conversation.over = true
      },
    )
    return { said, sent }
  }

  return {
    broken() {
      if (current !== undefined) current.over = true
    },
    talking: talking.promise,
    waitsFor: () => {
      if (waitsFor === undefined) return undefined
      return `${left.uri} (${left.state()}) and ${right.uri} (${right.state()}): ${waitsFor()}`
    },
    stop: () => stopping.abort(),
    async talk() {
      while (!stopping.signal.aborted) {
        const conversation = await converse()
        talking.resolve()
        await Promise.all(conversation.sides.map((side) => speak(conversation, side, random.fork())))
      }
    },
    async lastWords() {
      for (;;) {
        const conversation = last === undefined || last.over ? await converse() : last
        const words = conversation.sides.map((side) => say(conversation, side))
        waitsFor = () => words.map(({ said }) => said.account()).join(' and ')
        await Promise.all(words.map(({ sent }) => sent))
        while (!conversation.over && !words.every(({ said }) => said.isDone() || said.isRefused())) {
          goOn()
          await pause(LAST_WORDS_EVERY_MS)
        }
        if (conversation.over || !words.every(({ said }) => said.isDone())) continue
        waitsFor = undefined
        return
      }
    },
  }
}

const nothingYet = () => 'a conversation'

const sessionOf = async ({ device, enter }: Talker): Promise<string> => device.session ?? enter()

async function noise({ me, number }: Side, random: Seeded): Promise<void> {
  const commands = [
    { kind: 'typing', conversation: number, typing: true },
    { kind: 'presence', availability: random.pick(['available', 'busy', 'be-right-back'] as const) ?? 'busy' },
  ] as const
  // What becomes of it goes nowhere.
  await me.device.send(random.pick(commands) ?? commands[0]).catch(() => {})
}

const isConnected = (event: { readonly conversation: string; readonly state: string }, conversation: string) =>
  event.conversation === conversation && event.state === 'connected'
