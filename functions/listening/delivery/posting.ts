import { inOneFrame, type Stretch } from '../../../shared/rules/backlog.ts'
import { fitting, PUSH_BYTES } from '../../../shared/rules/batches.ts'
import type { Measure } from '../../../shared/rules/measures.ts'
import type { Open } from '../../../shared/rules/seat.ts'
import type { Seats } from '../../../shared/store/seats/seats.ts'
import { batchOf, eventsFrame } from '../../session/batch.ts'
import { log } from '../../envelope/log.ts'
import type { Push } from '../../session/push.ts'

export interface PostingParts {
  readonly seats: Seats
  readonly push: Push
  readonly measure: Measure
}

/** Where a session's device is, as its listener knows it: one record for all that posts to it. */
export interface Whereabouts {
  seat: Open
}

/**
 * Posts stretches of the mailbox, as many frames as it takes, for as long as the device is in coverage.
 *
 * @param posted is called with each frame's stretches that API Gateway took
 */
export async function post(
  stretches: readonly Stretch[],
  at: Whereabouts,
  parts: PostingParts,
  posted: (taken: readonly Stretch[]) => void = () => {},
): Promise<void> {
  let left = stretches
  while (left.length > 0 && at.seat.coverage === 'in') {
    const { batches } = fitting(inOneFrame(left).map(batchOf), PUSH_BYTES)
    const now = left.slice(0, batches.length)
    const frame = eventsFrame(at.seat.session, now, false)
    const to = at.seat
    if (!(await parts.push(frame, to, now.at(-1)?.seq ?? 0))) {
      await connectionGone(to, at, parts)
      continue
    }
    left = left.slice(batches.length)
    posted(now)
    if (!frame.recovered) parts.measure('Resumes', 1, 'false')
  }
}

/*
 * It may only be the old one, where the device has come on another since:
 *
 *   post    to c1 ……………………… gone ── is c1 still the seat's? no ── goes on over c2
 *   device         poll over c2
 *   look                   moved: c2                                 a device that is there, and taken to be gone
 */
async function connectionGone(gone: Open, at: Whereabouts, { seats }: PostingParts): Promise<void> {
  const { session, device } = gone
  const isOver = await seats.outOfCoverage(session, gone.connection)
  const now = isOver ? undefined : await seats.at(gone.number, { consistent: true })
  if (at.seat.connection !== gone.connection) return
  const isElsewhere = now?.state === 'open' && now.session === session && now.connection !== gone.connection
  if (isOver) log('out of coverage', { session, device })
  at.seat = isElsewhere ? now : { ...at.seat, coverage: 'out' }
}
