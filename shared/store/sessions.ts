import type { Cursor } from '../rules/batches.ts'
import type { UpstreamState } from '../upstream/upstream.ts'
import { deviceSessions, type DeviceSessions } from './device-sessions.ts'
import type { Expression, Table } from './table.ts'
import { TTL_ATTRIBUTE } from './tables.ts'
import type { Vault } from './keys/vault.ts'

/** How long an item outlives its last write before DynamoDB may delete it, in milliseconds: a safety net, not a rule. */
export const ITEM_LIFE_MS = 7 * 24 * 60 * 60_000

/** How old what is kept of a session may be before its listener keeps it anew, in milliseconds: a write unit a day. */
const KEPT_ANEW_MS = 24 * 60 * 60_000

/** The cache of the connectivity information: what it takes to go on with a session upstream, from any function. */
export interface Session {
  readonly session: string
  readonly device: string
  readonly user: string
  readonly uri: string
  /** The newest that is known of the session upstream. */
  readonly state: UpstreamState
  readonly openedAt: number
  /** Where the mailbox stood when this was written; what the mailbox holds goes before it. */
  readonly cursor: Cursor
}

/** A session as it was read, and the epoch second from which on DynamoDB may delete it, unless it is kept anew. */
export type SessionRead = Session & { readonly [TTL_ATTRIBUTE]?: number }

export interface Sessions {
  open(session: Session, now: number): Promise<void>
  /** @param options.now epoch milliseconds: one that has expired by then is over, whether DynamoDB has deleted it or not */
  read(session: string, options?: { consistent?: boolean; now?: number }): Promise<SessionRead | undefined>
  /**
   * Keeps where the session stands, and the session for ITEM_LIFE_MS from now. Does nothing to a session that is no longer
   * there, nor where a batch further on was kept meanwhile.
   */
  keep(session: Pick<Session, 'session' | 'cursor'>, now: number): Promise<void>
  /**
   * Puts the state that an answer brought in the place of the one that was asked with. `false`: another function
   * got a newer one meanwhile, and an older answer never overwrites it.
   */
  renew(session: string, state: { readonly was: UpstreamState; readonly now: UpstreamState }): Promise<boolean>
  remove(session: string): Promise<Session | undefined>
  /** Seals the secret by the newest master key. `false`: it is already, or there is no such session. */
  reseal(session: string): Promise<boolean>
}

/*
 *   upkeep  GET with 1 ─────────────────── answer: 2 ─ put ✘ UNRENEWED   an old state over a newer one
 *   send          POST with 1 ─ answer: 3 ─ put ✔
 *
 * A secret is sealed anew each time, so what is compared is its tag: by each master key of the ring that may have made it.
 */
const UNRENEWED = (tags: readonly string[]) =>
  `attribute_exists(pk) AND (${tags.map((tag) => `tag = ${tag}`).join(' OR ')})`

/*
 *   listener A   … 60 ──────────────────── stops: keep 60 ✔
 *   listener B   finds 58 (an older read) ──────────────── keep 58 ✘ NOT_FURTHER      numbers that begin again at 59, once
 *                                                                                     DynamoDB has deleted the mail
 */
const NOT_FURTHER = 'attribute_exists(pk) AND #cursor.#seq <= :seq'

/*
 *   administrator   read 1 ────────────────── put 1 by the new key ✘ AS_SEALED   an old state over a newer one
 *   upkeep                 answer: 2 ─ put ✔
 */
const AS_SEALED = 'attribute_exists(pk) AND #secret = :sealed'

/** A session as it is kept: the secret of its state sealed, and with the tag by which a renewal knows it. */
type Kept = Omit<SessionRead, 'state'> & Sealed

interface Sealed {
  readonly public: string
  readonly secret: Uint8Array
  readonly tag: Uint8Array
}

export function sessions(table: Table, vault: Vault): Sessions & DeviceSessions {
  const kept = (session: string, { consistent = true }: { consistent?: boolean } = {}) =>
    table.get<Kept>(key(session), { consistent })
  const put = async (session: string, item: Sealed, condition: Expression) => {
    const { done } = await table.update(
      key(session),
      {
        text: 'SET #public = :public, #secret = :secret, tag = :tag',
        values: { ':public': item.public, ':secret': item.secret, ':tag': item.tag },
      },
      condition,
    )
    return done
  }

  return {
    ...deviceSessions(table),
    async open({ state, ...rest }, now) {
      await table.put({ ...key(rest.session), ...rest, ...(await sealed(rest.session, state, vault)), ...expiry(now) })
    },
    async read(session, { now = -Infinity, ...options } = {}) {
      const found = await kept(session, options)
      return found === undefined || hasExpired(found, now) ? undefined : opened(found, vault)
    },
    async keep({ session, cursor: { seq, upstream } }, now) {
      await table.update(
        key(session),
        {
          text: 'SET #cursor = :cursor, expiresAtS = :expiresAtS',
          // The caller's cursor may be a whole batch: its events are in the mailbox, and cost a write unit for each KB.
          values: { ':cursor': { seq, upstream }, ':expiresAtS': expiry(now)[TTL_ATTRIBUTE] },
        },
        { text: NOT_FURTHER, values: { ':seq': seq } },
      )
    },
    async renew(session, { was, now }) {
      const known = await vault.tags(was.secret, secretOf(session))
      const tags = known.map((each, at) => [`:was${at}`, each] as const)
      const item = await sealed(session, now, vault)
      return put(session, item, { text: UNRENEWED(tags.map(([name]) => name)), values: Object.fromEntries(tags) })
    },
    async remove(session) {
      const removed = await table.remove<Kept>(key(session))
      return removed.done && removed.old !== undefined ? opened(removed.old, vault) : undefined
    },
    async reseal(session) {
      const found = await kept(session)
      const anew = found && (await vault.reseal(found.secret, secretOf(session)))
      if (found === undefined || anew === undefined) return false
      const [tag] = await vault.tags(anew.text, secretOf(session))
      const item = { public: found.public, secret: anew.sealed, tag }
      return put(session, item, { text: AS_SEALED, values: { ':sealed': found.secret } })
    },
  }
}

async function sealed(session: string, { public: open, secret }: UpstreamState, vault: Vault): Promise<Sealed> {
  const place = secretOf(session)
  const [[tag], bytes] = await Promise.all([vault.tags(secret, place), vault.seal(secret, place)])
  return { public: open, secret: bytes, tag }
}

async function opened({ tag: _tag, public: open, secret: bytes, ...rest }: Kept, vault: Vault): Promise<SessionRead> {
  const secret = await vault.open(bytes, secretOf(rest.session))
  return { ...rest, state: { public: open, secret } }
}

/**
 * When DynamoDB may delete an item that is written now. It may do so at any moment after that, in any order, or never: for
 * whatever lives on, its expiry moves on (SESSION#), or what it says is carried over (MAIL#, functions/listening/backlog.ts).
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
 */
export function expiry(now: number) {
  return { [TTL_ATTRIBUTE]: Math.ceil((now + ITEM_LIFE_MS) / 1000) }
}

/*
 * No listener ran for a week: the session upstream is over, and what is left of it here may be any part.
 *
 *   MAIL# 2 … 50 ✘   SESSION# (cursor 1), expired, not deleted yet ── taken for live: 2 comes once more, or nothing at all
 */
function hasExpired({ [TTL_ATTRIBUTE]: expiresAtS = Infinity }: Pick<SessionRead, typeof TTL_ATTRIBUTE>, now: number) {
  return expiresAtS * 1_000 <= now
}

/** Whether it is time to keep a session anew that is listened for. */
export function isToBeKept({ [TTL_ATTRIBUTE]: expiresAtS = 0 }: SessionRead, now: number): boolean {
  return expiresAtS * 1_000 - now < ITEM_LIFE_MS - KEPT_ANEW_MS
}

function key(session: string) {
  return { pk: `SESSION#${session}`, sk: '-' }
}

function secretOf(session: string) {
  return { table: 'sessions', item: key(session), attribute: 'secret' } as const
}
