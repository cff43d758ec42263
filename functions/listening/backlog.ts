import {
  bounded,
  collapsed,
  isOverBounds,
  sizeOf,
  sizesOf,
  stretchOf,
  type Size,
  type Stretch,
} from '../../shared/rules/backlog.ts'
import type { Cursor, Mail } from '../../shared/rules/batches.ts'
import type { Measure } from '../../shared/rules/measures.ts'
import type { Configuration } from '../../shared/store/configuration/configuration.ts'
import type { Mailbox } from '../../shared/store/mailbox.ts'
import { ITEM_LIFE_MS } from '../../shared/store/sessions.ts'
import { log } from '../envelope/log.ts'

export interface BacklogParts {
  readonly mailbox: Mailbox
  readonly configuration: Configuration
  readonly measure: Measure
}

/** A session's mailbox, for the listener that appends to it: it knows how much its device has not acknowledged. */
export interface Backlog {
  /**
   * What the device lacks. From then on its backlog is counted from there. One that would expire is carried over: `carried`
   * is the batch that does so, and the last one from then on.
   */
  readonly from: (acked: number, cursor: Cursor, now: number) => Promise<Lacking>
  /** Appends a batch, with a digest of the backlog where that has become too large. `false`: the number was taken. */
  readonly append: (mail: Mail, acked: number, now: number) => Promise<boolean>
}

export interface Lacking {
  readonly stretches: readonly Stretch[]
  readonly carried?: Mail
}

/** How long a backlog has been kept in the same items when it is carried over, in milliseconds: two days before they expire. */
const CARRIED_AFTER_MS = ITEM_LIFE_MS - 2 * 24 * 60 * 60_000

/** Most bytes of a digest: it goes into one item of DynamoDB (400 KB) beside a batch. A larger one is left out. */
const DIGEST_BYTES = 300_000

const NOTHING: Size = { batches: 0, bytes: 0 }

export function backlog(session: string, { mailbox, configuration, measure }: BacklogParts): Backlog {
  let backlog: readonly (Size & { readonly seq: number })[] = []
  let least = NOTHING

  const heldWith = (newest: Stretch): Size =>
    backlog.reduce((sum, { batches, bytes }) => ({ batches: sum.batches + batches, bytes: sum.bytes + bytes }), {
      batches: 1,
      bytes: sizeOf(newest),
    })

  /** Undefined while the backlog is within its bounds. */
  const digestOf = async (newest: Stretch, acked: number): Promise<readonly Stretch[] | undefined> => {
    const held = heldWith(newest)
    const bounds = await configuration.settings(newest.at)
    if (!isOverBounds(held, bounds, least)) return undefined
    const digest = bounded([...(await mailbox.after(session, acked)), newest], bounds)
    least = sizesOf(digest)
    log('backlog bounded', { session, from: held, to: least, cut: digest.some(({ cut }) => cut) })
    return least.bytes > DIGEST_BYTES ? undefined : digest
  }

  /*
   * What a device does not acknowledge expires as all mail does, and who is away for longer would lose it. So it goes into
   * the digest of a batch that brings nothing new, which has a life of its own:
   *
   *   day 0   46 47 48 ─ day 5: 49 (46 … 49) ─ day 7: ✘ ✘ ✘ ─ day 8: the device polls after 45, and gets 46 … 49
   */
  const carriedOver = async (stretches: readonly Stretch[], { seq, upstream }: Cursor, now: number) => {
    const mail = { seq: seq + 1, upstream, events: [] }
    const all = [...stretches, stretchOf(mail, now)]
    const whole = collapsed(all)
    const digest = sizesOf(whole).bytes > DIGEST_BYTES ? bounded(all, await configuration.settings(now)) : whole
    if (sizesOf(digest).bytes > DIGEST_BYTES) return undefined
    if (!(await mailbox.append(session, mail, now, digest))) return undefined
    log('backlog carried over', { session, to: sizesOf(digest) })
    return { stretches: digest, carried: mail }
  }

  return {
    async from(acked, cursor, now) {
      const { stretches, since = now } = await mailbox.backlog(session, acked)
      const isCarried = now - since >= CARRIED_AFTER_MS
      const lacking = (isCarried && (await carriedOver(stretches, cursor, now))) || { stretches }
      backlog = count(lacking.stretches)
      least = 'carried' in lacking ? sizesOf(lacking.stretches) : NOTHING
      return lacking
    },
    async append(mail, acked, now) {
      backlog = backlog.filter(({ seq }) => seq > acked)
      if (backlog.length === 0) least = NOTHING
      const newest = stretchOf(mail, now)
      const digest = await digestOf(newest, acked)
      if (!(await mailbox.append(session, mail, now, digest))) return false
      backlog = digest === undefined ? [...backlog, ...count([newest])] : count(digest)
      measure('MailboxDepth', backlog.length)
      return true
    },
  }
}

function count(stretches: readonly Stretch[]) {
  return stretches.map(({ seq, events }) => ({ seq, batches: 1, bytes: sizeOf({ events }) }))
}
