import { uriOf } from '../identity.ts'
import type { Arrived } from '../../rules/batches.ts'
import type { Availability, ImEvent } from '../../rules/messaging.ts'
import { unreadParts, type Unread } from '../../upstream/unread.ts'
import type { Brought, Listening, WaitOptions } from '../../upstream/upstream.ts'
import { choiceIn, heldPresence } from '../presence.ts'
import { refreshed } from '../refresh.ts'
import type { MatrixServer } from '../server.ts'
import { secretOf, sessionOf, type MatrixSession } from '../session.ts'
import { syncAnswerIn, type Room, type SyncAnswer } from './answer.ts'
import { cursorIn, digestOf, printCursor, type MatrixCursor } from './cursor.ts'
import { editorsOf, type Editors } from './editors.ts'
import { SNAPSHOT, STEADY } from './filter.ts'
import { filled, GAP_EVENTS, type Filling, type GapBounds } from './gap.ts'
import { presenceEvents, readEvents, typingEvents, type Typing } from './notes.ts'
import { paceOf } from './pace.ts'
import { contactEvents, directIn, invitationEvents, snapshotEvents, type Direct } from './snapshot.ts'
import { isOwnJoin, namesIn, timelineEvents } from './timeline.ts'

export interface ListeningParts {
  /** Whose GETs may be held. */
  readonly server: MatrixServer
  /** Default: GAP_EVENTS. */
  readonly gap?: GapBounds
  readonly onUnread?: (doing: string, unread: Unread) => void
}

/** What one listener remembers of a session, so that it brings less twice. Nothing is lost with it. */
interface Memory {
  readonly typing: Typing
  readonly editors: Editors
  direct: Direct | undefined
}

/** How long a server is asked to hold a GET, in milliseconds, and for how much longer its answer is waited for. */
const HOLD_MS = 30_000
const GRACE_MS = 15_000

const MISSED = 'some of what was said here did not come through: it is in the history'

/** Listens for one session: each `next` is one `GET /sync` from what is kept. */
export function listening({ server, gap = GAP_EVENTS, onUnread }: ListeningParts): Listening {
  const { clock } = server
  const memory: Memory = { typing: new Map(), editors: editorsOf(server), direct: undefined }
  const pace = paceOf(clock)
  return {
    async next(state, after, options): Promise<Brought> {
      options.signal?.throwIfAborted()
      const cursor = cursorIn(after)
      const session = sessionOf(state)
      const renewed = await refreshed(session, server, options)
      if (renewed !== undefined) {
        const secret = secretOf(renewed)
        return { arrived: [], cursor: after, state: { ...state, secret }, waitMs: 0, oddities: {} }
      }
      const askedAt = clock.now()
      const unread = unreadParts()
      const answer = syncAnswerIn(await sync(session, cursor, options, server), unread)
      const brought = cursor.isNew
        ? begin(answer, cursor, session, memory)
        : await goOn(answer, cursor, { bounds: gap, session, server, unread }, memory)
      const { unread: parts } = unread.said()
      if (parts !== undefined) onUnread?.('waiting for events', parts)
      return { ...brought, state, waitMs: pace(askedAt, brought.arrived), oddities: {} }
    },
  }
}

/** "Syncing", `#get_matrixclientv3sync`: held until something happens; at the beginning answered at once, with all that there is. */
function sync(
  session: MatrixSession,
  { since, isNew, chosen }: MatrixCursor,
  wait: WaitOptions,
  { ask }: MatrixServer,
) {
  const { active, signal, holdMs = HOLD_MS + GRACE_MS } = wait
  const timeoutMs = isNew ? 0 : Math.max(0, Math.min(HOLD_MS, holdMs - GRACE_MS))
  return ask(session.base, {
    method: 'GET',
    path: '/_matrix/client/v3/sync',
    query: {
      filter: isNew ? SNAPSHOT : STEADY,
      timeout: String(timeoutMs),
      set_presence: heldPresence(chosen, active),
      ...(!isNew && { since }),
    },
    token: session.tokens.access,
    signal,
    deadlineMs: holdMs,
    doing: 'waiting for events',
  })
}

type News = Pick<Brought, 'arrived' | 'cursor'>

/** The session's rooms and people. What happens from the cursor's place on comes with the next wait, and not with this. */
function begin(answer: SyncAnswer, cursor: MatrixCursor, { userId }: MatrixSession, memory: Memory): News {
  memory.direct = directIn(answer)
  const others = snapshotEvents(answer, userId).filter(({ kind }) => kind !== 'own-presence')
  const own: ImEvent = { kind: 'own-presence', availability: cursor.chosen }
  // It comes as a whole, or again as a whole.
  const arrived = [...others, own].map((event) => ({ cursor: printCursor(cursor), events: [event] }))
  return { arrived, cursor: printCursor({ ...cursor, isNew: false }) }
}

/**
 * Of each room what was said, event by event; then what has no order and may come again.
 *
 *   answer after s1: room A: 1 2 3, room B: 4 │ typing      each with the cursor that holds once it is kept:
 *                            s1 A1, s1 A2, s1 A3, s1 A3 B4, the last of all: s2
 */
async function goOn(answer: SyncAnswer, cursor: MatrixCursor, by: Means, memory: Memory): Promise<News> {
  const { session } = by
  const arrived: Arrived[] = []
  const kept = new Map(Object.entries(cursor.kept))
  const here = () => printCursor({ ...cursor, kept: Object.fromEntries(kept) })
  for (const room of [...answer.joined, ...answer.left]) {
    for (const { id, ...said } of await saidIn(room, cursor, by, memory)) {
      kept.set(digestOf(room.id), id === undefined ? LOST : digestOf(id))
      if (said.events.length > 0 || said.lost) arrived.push({ cursor: here(), ...said })
    }
  }
  for (const event of besides(answer, session, memory)) arrived.push({ cursor: here(), events: [event] })
  const chosen = chosenIn(answer, session.userId) ?? cursor.chosen
  return { arrived, cursor: printCursor({ since: answer.next, isNew: false, chosen, kept: {} }) }
}

/** What a cursor has in the place of a room's last event, where its device was to hear first that some are lost. */
const LOST = '-'

type Means = Omit<Filling, 'since' | 'kept'>

interface SaidInRoom extends Omit<Arrived, 'cursor'> {
  /** Of the event; none of what says that there were others. */
  readonly id?: string
}

/** What was said in a room, and before it, where it is so, that some was lost: that once, by what is kept. */
async function saidIn(
  room: Room,
  { since, kept }: MatrixCursor,
  by: Means,
  { editors }: Memory,
): Promise<SaidInRoom[]> {
  const { session } = by
  // What was said before the user came is history.
  const hasJust = room.timeline.some((event) => isOwnJoin(event, session))
  const last = kept[digestOf(room.id)]
  const { events, lost } = await filled(hasJust ? { ...room, limited: false } : room, { ...by, since, kept: last })
  const names = namesIn({ ...room, timeline: events })
  const said: SaidInRoom[] = lost && last !== LOST ? [{ lost, events: [] }] : []
  let notice = lost ? [missed(room.id, session)] : []
  for (const event of events) {
    const meant = timelineEvents(event, room, names, session)
    said.push({ id: event.id, events: [...notice, ...(await editors.genuine(meant, event, session))] })
    notice = []
  }
  return said
}

function besides(answer: SyncAnswer, { userId }: MatrixSession, memory: Memory): ImEvent[] {
  const now = directIn(answer)
  const news = now && new Map([...now].filter(([user]) => !memory.direct?.has(user)))
  memory.direct = now ?? memory.direct
  const names = new Map(answer.joined.flatMap((room) => [...namesIn(room)]))
  return [
    ...answer.joined.flatMap((room) => [...typingEvents(room, memory.typing, userId), ...readEvents(room, userId)]),
    ...presenceEvents(answer.presence, userId),
    ...(news === undefined ? [] : contactEvents(news, names, false)),
    ...answer.invited.flatMap((each) => invitationEvents(each, userId)),
  ]
}

/** How the user chose to be seen, as the server tells it to all the user's devices. */
function chosenIn({ presence }: SyncAnswer, userId: string): Availability | undefined {
  return choiceIn(presence.findLast(({ type, sender }) => type === 'm.presence' && sender === userId)?.content)
}

function missed(conversation: string, { userId }: MatrixSession): ImEvent {
  return { kind: 'message', conversation, from: uriOf(userId), text: MISSED, as: 'notice' }
}
