import { bounded, isOverBounds, sizeOf, sizesOf, type Size, type Stretch } from '../../shared/rules/backlog.ts'
import type { Measure } from '../../shared/rules/measures.ts'
import type { Mail } from '../../shared/rules/batches.ts'
import type { Configuration } from '../../shared/store/configuration.ts'
import type { Mailbox } from '../../shared/store/mailbox.ts'
import { log } from './log.ts'

export interface KeepingParts {
  readonly mailbox: Mailbox
  readonly configuration: Configuration
  readonly measure: Measure
}

/** A session's mailbox, for whoever appends to it: it knows how much its device has not acknowledged. */
export interface Keeping {
  /** What the device lacks. From then on its backlog is counted from there. */
  readonly from: (acked: number) => Promise<readonly Stretch[]>
  /** Appends a batch, with a digest of the backlog where that has become too large. `false`: the number was taken. */
  readonly append: (mail: Mail, acked: number, now: number) => Promise<boolean>
}

/** Most bytes of a digest: it goes into one item of DynamoDB (400 KB) beside a batch. A larger one is left out. */
const DIGEST_BYTES = 300_000

const NOTHING: Size = { batches: 0, bytes: 0 }

export function keeping(session: string, { mailbox, configuration, measure }: KeepingParts): Keeping {
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

  return {
    async from(acked) {
      const stretches = await mailbox.after(session, acked)
      backlog = count(stretches)
      least = NOTHING
      return stretches
    },
    async append(mail, acked, now) {
      backlog = backlog.filter(({ seq }) => seq > acked)
      if (backlog.length === 0) least = NOTHING
      const newest = { first: mail.seq, seq: mail.seq, at: now, events: mail.events }
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
