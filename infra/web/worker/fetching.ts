import type { Clock } from '../../../shared/clock.ts'
import { device, type Device, type DeviceOptions } from '../../../shared/device/device.ts'
import type { DeviceEvent } from '../../../shared/device/event.ts'
import type { KeptSession } from '../../../shared/device/kept-session.ts'
import type { Database } from '../kept/database.ts'
import type { Identity } from '../kept/identity.ts'
import { keeper, type Keeper } from '../kept/keeper.ts'
import type { Kept, ResumableSession } from '../model/kept.ts'
import { after, cut, NOTHING, type Model } from '../model/model.ts'
import { newsIn, type News } from '../model/notices.ts'
import type { People } from '../model/person.ts'

/** What came while the page was closed. */
export interface Fetched {
  readonly news: readonly News[]
  readonly people: People
}

export interface FetchingOptions extends Pick<DeviceOptions, 'serviceTime'> {
  /** That of the page, which is closed. */
  readonly database: Database
  readonly clock: Clock
  /** How long that may take, in milliseconds: a browser ends a service worker that works for long. */
  readonly withinMs: number
  /** What is to be done with the session beside, once everything came. */
  readonly also?: (phone: Device) => Promise<unknown>
}

/**
 * Fetches what waits, as the page would: goes on with the session that the page left, takes what comes into the conversations
 * that it kept, and writes both together before it acknowledges. So the page finds it there, unread, and is not told again:
 *
 *   worker    takes 7 ─ writes 7 ─ polls after 7 ─╮
 *   service                                       ╰─ forgets 7
 *   page                                             … opens: reads 7, polls after 7
 *
 * Whatever goes wrong in between, the page has either what is written or the session as it left it. The worker says nothing:
 * what the page was saying stays under way, and the page asks what became of it.
 *
 * @returns undefined where there is no session to go on with, or nothing came and it was not reached in time
 */
export async function fetched(options: FetchingOptions): Promise<Fetched | undefined> {
  const own = keeper(options.database)
  // Before it is read: a page that is opened from here on has the last word.
  await options.database.own()
  const identity = await own.identity()
  const before = identity && (await own.kept(identity))
  if (identity === undefined || before?.session === undefined) return undefined
  const { session } = before
  const taking = intoWhatIsKept(own, identity, before, session)
  const isAll = await visited({ ...options, identity, session, taking })
  const { talks, people } = taking.written()
  const news = newsIn(before.talks, talks)
  return isAll || news.length > 0 ? { news, people } : undefined
}

interface Taking {
  readonly take: (event: DeviceEvent, moment: { readonly now: number; readonly own: string | undefined }) => void
  readonly keep: (kept: KeptSession | undefined) => Promise<void>
  /** What is on the disk. */
  readonly written: () => Kept
}

function intoWhatIsKept(own: Keeper, identity: Identity, before: Kept, session: ResumableSession): Taking {
  const { session: _kept, reading, ...known } = before
  // Nobody reads just now.
  let model: Model = { ...NOTHING, ...known }
  let { last } = session
  let written = before
  return {
    take(event, { now, own }) {
      model = taken(model, event, { now, own, newId: () => crypto.randomUUID() })
    },
    async keep(kept) {
      // It is over, as the page will hear, which says why.
      if (kept === undefined) return
      ;({ last } = kept)
      let writing = written
      await own.keep(() => (writing = { ...model, reading, session: { ...session, last } }), identity)
      written = writing
    },
    written: () => written,
  }
}

function taken(model: Model, event: DeviceEvent, moment: Parameters<typeof after>[2]): Model {
  if (event.kind === 'gap') return cut(model, moment)
  return event.kind === 'send' || event.kind === 'state' || event.kind === 'ended' ? model : after(model, event, moment)
}

interface Visit extends FetchingOptions {
  readonly identity: Identity
  readonly session: ResumableSession
  readonly taking: Taking
}

/** Resolves with whether everything came, and was acknowledged, in time. */
async function visited({ identity, session, clock, serviceTime, withinMs, taking, also }: Visit): Promise<boolean> {
  const { asked: _underWay, ...idle } = session
  const phone = device({ ...identity, clock, keep: taking.keep, ...(serviceTime && { serviceTime }) })
  phone.on((event) => taking.take(event, { now: clock.now(), own: phone.uri }))
  phone.takeUp(idle)
  const { promise: late, resolve } = Promise.withResolvers<false>()
  const cancel = clock.after(withinMs, () => resolve(false))
  try {
    return await Promise.race([everything(phone, also), late])
  } finally {
    cancel()
    phone.close()
  }
}

async function everything(phone: Device, also: FetchingOptions['also']): Promise<boolean> {
  try {
    await phone.resume()
    // Says that the device has it: else the service would wake it again.
    await phone.poll()
    await also?.(phone)
    return true
  } catch {
    return false
  }
}
