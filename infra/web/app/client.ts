import { batch, computed, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import type { Clock } from '../../../shared/clock.ts'
import { automaticAway } from '../../../shared/device/automatic-away.ts'
import { device, type Device } from '../../../shared/device/device.ts'
import type { DeviceEvent, DeviceState } from '../../../shared/device/event.ts'
import { timeByHttp } from '../../../shared/device/service-clock.ts'
import type { ImEvent, Uri } from '../../../shared/rules/messaging.ts'
import type { Capability } from '../../../shared/rules/capabilities.ts'
import type { Identity } from '../kept/identity.ts'
import type { Keeper } from '../kept/keeper.ts'
import { fromBefore, type Kept, type ResumableSession } from '../model/kept.ts'
import { after, cut, NOTHING, signedOut, type Model } from '../model/model.ts'
import { unread } from '../model/talks.ts'
import { actions, type Actions } from './actions.ts'
import { keeping, type Keeping } from './keeping.ts'
import { notifying, type Notifying } from '../notify/notifying.ts'
import { outgoing, type Outgoing } from './outgoing.ts'
import { posting, type Posting } from './posting.ts'
import { searching, type Found } from './searching.ts'
import { signingIn, type SigningIn } from './signing-in.ts'
import type { Line } from './standing.ts'

/** After how long without a key, a click or a touch the user is shown as away, in milliseconds. */
const AWAY_MS = 5 * 60_000

export interface ClientOptions {
  readonly identity: Identity
  readonly keeper: Keeper
  readonly clock: Clock
  /** Where this page comes from: it is asked for the time, for the service does not tell a page. */
  readonly origin: string
}

/** A device, and what the page knows and shows of what happens on it. */
export interface Client extends Pick<SigningIn, 'signIn' | 'now' | 'abandon' | 'standing'>, Actions {
  readonly identity: Identity
  readonly notifying: Notifying
  readonly model: ReadonlySignal<Model>
  readonly line: ReadonlySignal<Line>
  readonly own: ReadonlySignal<Uri | undefined>
  readonly unread: ReadonlySignal<number>
  /** Something that the user asked for and that was not done, in the service's words. */
  readonly complaint: ReadonlySignal<string | undefined>
  /** Whom the directory knows by what was looked for last. */
  readonly found: ReadonlySignal<Found | undefined>
  /** Whether the session's server can do this beside the core. */
  can(capability: Capability): boolean
  search(text: string): void
  /** The user did something: who does nothing is shown as away. */
  did(): void
  calm(): void
  tryNow(): void
  /** Fetches what waits. Resolves with whether it has. */
  fetch(): Promise<boolean>
  signOut(): Promise<void>
  close(): void
}

export async function client({ identity, keeper, clock, origin }: ClientOptions): Promise<Client> {
  const kept = await keeper.kept(identity)
  const { model, line, own, complaint } = shown(kept)
  const {
    keep,
    update,
    session: keepSession,
  } = keeping({ keeper, identity, model, session: kept?.session, back: () => away.back })
  const complain = (reason: string) => void (complaint.value = reason)

  const onWait = (ms: number) => (line.value = { state: line.value.state, retryAt: clock.now() + ms })
  const phone: Device = device({
    ...identity,
    clock,
    onWait,
    serviceTime: () => timeByHttp(origin),
    keep: (session) => keepSession(session, out.entryOf),
  })
  const shared = { model: () => model.value, update, isOnline: () => phone.state === 'online' && !!phone.session }
  const send: Device['send'] = (command) => phone.send(command)
  const out = outgoing({ update, send, keep })
  const post = posting({ ...shared, out, send })
  const notices = await notifying({ keeper, now: () => clock.now(), tell: (endpoint) => phone.subscribe(endpoint) })
  const isIn = kept?.session !== undefined
  const door = signingIn({ phone, clock, isIn, user: (name) => void keeper.setIdentity({ ...identity, user: name }) })

  const away = automaticAway({ device: phone, afterMs: AWAY_MS, clock, ...(isIn && beforeOf(kept)) })
  hear(phone, { clock, model, line, own, update, complain, out, post, door, notices })
  if (kept?.session !== undefined) takeUp(phone, kept.session, post)
  own.value = phone.uri
  return {
    identity,
    notifying: notices,
    model,
    line,
    own,
    complaint,
    can: (capability) => phone.capabilities.has(capability),
    did: () => away.did(),
    unread: computed(() => unread(model.value.talks)),
    ...door,
    ...actions({ ...shared, phone, clock, post, newId, complain }),
    ...searching(phone, model, complain),
    ...resuming(phone),
    calm: () => (complaint.value = undefined),
    ...leaving(phone, door, () => {
      update(signedOut)
      own.value = undefined
    }),
  }
}

interface Hearing {
  readonly clock: Clock
  readonly model: ReadonlySignal<Model>
  readonly line: Signal<Line>
  readonly own: Signal<Uri | undefined>
  readonly update: Keeping['update']
  readonly complain: (reason: string) => void
  readonly out: Outgoing
  readonly post: Posting
  readonly door: SigningIn
  readonly notices: Pick<Notifying, 'began' | 'came'>
}

/** What the device tells: of its connection, of sends, of the session. */
function hear(phone: Device, parts: Hearing): void {
  const { clock, model, line, own, update, complain, out, post, door, notices } = parts
  const now = () => ({ now: clock.now(), newId })

  function session(event: ImEvent): void {
    const before = model.value
    update((model) => after(model, event, { ...now(), own: phone.uri }))
    notices.came(before, model.value)
    if (event.kind === 'failed' && event.number === undefined) complain(event.reason)
  }

  function happened(event: DeviceEvent): void {
    if (event.kind === 'send') out.heard(event)
    else if (event.kind === 'state') {
      line.value = lineAfter(line.value, event.state)
      if (event.state === 'online' && phone.session !== undefined) notices.began(phone.session)
    } else if (event.kind === 'gap') update((model) => cut(model, now()))
    else if (event.kind !== 'ended') session(event)
    else {
      update(signedOut)
      door.ended(event.code, event.reason)
    }
    own.value = phone.uri
    post.goOn()
  }

  phone.on((event) => batch(() => happened(event)))
}

function leaving(phone: Device, door: SigningIn, isLeft: () => void) {
  return {
    async signOut() {
      door.abandon()
      await phone.logout().catch(() => {})
      isLeft()
    },
    close() {
      door.abandon()
      phone.close()
    },
  }
}

/** For a page that knows better than its device: it was looked at again, its network changed, it was pushed. */
function resuming(phone: Device) {
  const fetch = () =>
    phone.session === undefined
      ? Promise.resolve(false)
      : phone.resume().then(
          () => true,
          () => false,
        )
  return { fetch, tryNow: () => void fetch() }
}

/** Goes on with the session of an earlier visit. Where it is over, the device says so. */
function takeUp(phone: Device, session: ResumableSession, post: Pick<Posting, 'again'>): void {
  const { asked } = phone.takeUp(session)
  if (session.asked !== undefined && asked !== undefined) post.again(session.asked, session.entry, asked)
  phone.resume().catch(() => {})
}

/** What the user had chosen as the page was left. */
const beforeOf = (kept: Kept) => ({ before: { chosen: kept.availability, back: kept.back } })

function lineAfter({ isFirst }: Line, state: DeviceState): Line {
  return { state, ...(state === 'connecting' && isFirst === true && { isFirst }) }
}

function shown(kept: Kept | undefined) {
  return {
    model: signal<Model>(kept === undefined ? NOTHING : fromBefore(kept)),
    line: signal<Line>({ state: 'offline', ...(kept?.session !== undefined && { isFirst: true }) }),
    own: signal<Uri | undefined>(undefined),
    complaint: signal<string | undefined>(undefined),
  }
}

const newId = () => crypto.randomUUID()
