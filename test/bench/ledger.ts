import { LISTEN_LEASE_MS } from '../../shared/store/listener-groups.ts'
import type { RefusalCode } from '../../shared/rules/refusal.ts'

/**
 * What was said, what its sender heard of it, and what its receiver saw: the account of a soak.
 *
 * What a sender heard decides what must have happened to a message:
 *
 * | heard | shown to the other |
 * |---|---|
 * | accepted, then delivered | once. CWA has handed it to the receiver's session, and from there on it is the service's |
 * | accepted, then not delivered | at most once: CWA itself does not know more |
 * | accepted, and no more, and the session lives | a loss, of the message or of the word: both are events |
 * | accepted, and no more, and the sender's session ended | at most once: the sender heard that the session ended |
 * | refused: unconfirmed | at most once |
 * | refused for any other reason | never: the device's library says `unconfirmed` wherever it cannot be sure |
 *
 * A message that CWA has delivered to a session which ended is down with it: what a server that broke down held is
 * gone, and the receiver heard that the session ended. That excuses only what was accepted less than
 * DOWN_WITH_SESSION_MS before the end: what the service had for longer it should have shown.
 */
export interface Ledger {
  /** The device heard that its session ended. */
  readonly ended: (session: string, at: number) => void
  /** Notes a message that is about to be sent. */
  readonly saying: (message: Saying) => Said
  /** What CWA said of the send of this number in this session. */
  readonly word: (session: string, number: number, word: 'delivered' | 'not-delivered') => void
  readonly shown: (from: string, to: string, text: string) => void
  readonly judge: () => Judgement
}

export interface Saying {
  readonly from: string
  readonly to: string
  /** The sessions of both at the moment of sending. */
  readonly senderSession: string
  readonly receiverSession: string
}

export interface Said {
  readonly text: string
  readonly accepted: (number: number, at: number) => void
  readonly refused: (code: RefusalCode | 'error') => void
  /** Whether it was shown, and its sender heard that it was delivered. */
  readonly isDone: () => boolean
  readonly isRefused: () => boolean
  /** For people. */
  readonly account: () => string
}

export interface Judgement {
  readonly messages: number
  readonly shown: number
  /** Known as perhaps sent, and known as not sent. */
  readonly unconfirmed: number
  readonly refused: number
  /** Both by code: `unconfirmed 3, signed-out 1`. */
  readonly codes: string
  /** Excused: the session of the sender, or of the receiver, ended. */
  readonly down: number
  readonly lost: readonly string[]
  readonly twice: readonly string[]
  readonly outOfOrder: readonly string[]
  /** Shown, though its sender heard that it was not sent. */
  readonly denied: readonly string[]
}

/**
 * How long before a session's end a message may have come to be down with it, in milliseconds: until somebody listens
 * again a lease must run out and a tick come, and only who listens finds that a session is over.
 */
export const DOWN_WITH_SESSION_MS = 2 * LISTEN_LEASE_MS

/** Whether a refusal leaves open if the message was sent. `error`: it was no refusal, and says nothing. */
const isOpen = (code: RefusalCode | 'error'): boolean => code === 'error' || code === 'unconfirmed'

interface Entry extends Saying {
  readonly number: number
  readonly text: string
  send?: { readonly number: number; readonly at: number }
  code?: RefusalCode | 'error'
  shown: number
}

export function ledger(): Ledger {
  const entries = new Map<string, Entry>()
  const lastNumber = new Map<string, number>()
  const lastShown = new Map<string, number>()
  const endedAt = new Map<string, number>()
  const words = new Map<string, 'delivered' | 'not-delivered'>()
  const twice: string[] = []
  const outOfOrder: string[] = []

  const wordOf = ({ senderSession, send }: Entry) => send && words.get(`${senderSession} ${send.number}`)

  function isDown(entry: Entry): boolean {
    const { senderSession, receiverSession, send } = entry
    if (wordOf(entry) === undefined && endedAt.has(senderSession)) return true
    const end = endedAt.get(receiverSession)
    return end !== undefined && send !== undefined && end - send.at < DOWN_WITH_SESSION_MS
  }

  function fateOf(entry: Entry): 'fine' | 'down' | 'lost' | 'denied' {
    const { code, send, shown } = entry
    if (code !== undefined) return shown > 0 && !isOpen(code) ? 'denied' : 'fine'
    // Its sender never heard: the sender gave up waiting, and that is no answer.
    if (send === undefined) return 'lost'
    const word = wordOf(entry)
    if (word === 'not-delivered' || (word === 'delivered' && shown > 0)) return 'fine'
    return isDown(entry) ? 'down' : 'lost'
  }

  function accountOf(entry: Entry): string {
    const { text, from, to, code, send, shown } = entry
    const sinceMs = (session: string) => {
      const at = endedAt.get(session)
      return at === undefined || send === undefined ? 'lives' : `ended ${((at - send.at) / 1_000).toFixed(1)} s later`
    }
    const ends = `sender's session ${sinceMs(entry.senderSession)}, receiver's ${sinceMs(entry.receiverSession)}`
    const heard = code ?? (send === undefined ? 'nothing' : `accepted (${send.number}), ${wordOf(entry) ?? 'no word'}`)
    return `${from} → ${to} ${text}: heard ${heard}; shown ${shown} times; ${ends}`
  }

  return {
    ended(session, at) {
      if (!endedAt.has(session)) endedAt.set(session, at)
    },
    saying(message) {
      const pair = `${message.from} ${message.to}`
      const number = (lastNumber.get(pair) ?? 0) + 1
      lastNumber.set(pair, number)
      const text = `#${number}`
      const entry: Entry = { ...message, number, text, shown: 0 }
      entries.set(`${pair} ${text}`, entry)
      return {
        text,
        accepted: (sent, at) => void (entry.send = { number: sent, at }),
        refused: (code) => void (entry.code = code),
        isDone: () => entry.shown > 0 && wordOf(entry) === 'delivered',
        isRefused: () => entry.code !== undefined || wordOf(entry) === 'not-delivered',
        account: () => accountOf(entry),
      }
    },
    word: (session, number, word) => void words.set(`${session} ${number}`, word),
    shown(from, to, text) {
      const pair = `${from} ${to}`
      const entry = entries.get(`${pair} ${text}`)
      if (entry === undefined) return
      entry.shown += 1
      const last = lastShown.get(pair) ?? 0
      if (entry.shown > 1) twice.push(accountOf(entry))
      else if (entry.number < last) outOfOrder.push(`${accountOf(entry)}, after #${last}`)
      lastShown.set(pair, Math.max(last, entry.number))
    },
    judge() {
      const all = [...entries.values()]
      const fates = all.map((entry) => ({ entry, fate: fateOf(entry) }))
      const of = (wanted: string) => fates.filter(({ fate }) => fate === wanted).map(({ entry }) => accountOf(entry))
      return {
        messages: all.length,
        shown: all.reduce((sum, { shown }) => sum + shown, 0),
        unconfirmed: all.filter(({ code }) => code !== undefined && isOpen(code)).length,
        refused: all.filter(({ code }) => code !== undefined && !isOpen(code)).length,
        codes: counted(all.flatMap(({ code }) => (code === undefined ? [] : [code]))),
        down: of('down').length,
        lost: of('lost'),
        twice,
        outOfOrder,
        denied: of('denied'),
      }
    },
  }
}

function counted(names: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].map(([name, times]) => `${name} ${times}`).join(', ')
}
