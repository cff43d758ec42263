import type { Command } from 'commander'
import { KEY_PREFIXES } from '../../../shared/store/configuration/configuration.ts'
import type { DeviceItem } from '../../../shared/store/configuration/device-item.ts'
import { newKeyRing, rotated, type KeyRing, type MasterKey } from '../../../shared/store/keys/key-ring.ts'
import { RING_CACHE_MS } from '../../../shared/store/keys/vault.ts'
import type { Attend } from '../attend.ts'
import type { AdminContext } from '../context.ts'
import { roughly } from '../words/duration.ts'
import { examples } from './examples.ts'
import { AdminFault } from '../fault.ts'
import { mapConcurrent } from '../map-concurrent.ts'
import { takenSeats } from '../words/taken.ts'

/** `--json` of what shows or changes the key ring. The keys themselves are never shown. */
export interface KeysShown {
  readonly masterKey: string
  /** The newest first: it seals. */
  readonly keys: readonly Pick<MasterKey, 'id' | 'madeAt'>[]
}

/** `--json` of `keys reencrypt`. */
export interface Reencrypted {
  readonly devices: Counts
  readonly sessions: Counts
  /** Whether the VAPID key was sealed anew. */
  readonly webPush: boolean
}

interface Counts {
  readonly looked: number
  readonly resealed: number
}

/** How many items are looked at side by side. */
const AT_ONCE = 8

export async function createKeys(context: AdminContext): Promise<void> {
  const ring = await changed(context, (before) => {
    if (before !== undefined) throw new AdminFault('there is a key ring already: keys rotate puts a new key into it')
    return newKeyRing(context.clock.now())
  })
  show(context, ring, [
    `made, in ${context.target.masterKey}: keep no copy of it in the open, and lose it never: without it`,
  ])
  context.out.note('no device can connect any more, and all must be enrolled anew')
}

export async function showKeys(context: AdminContext): Promise<void> {
  show(context, await ringOf(context), [])
}

export async function rotateKeys(context: AdminContext): Promise<void> {
  const ring = await changed(context, (before) => rotated(mustBe(before), context.clock.now()))
  show(context, ring, [])
  context.out.note(
    `the new key seals from now on, everywhere within ${roughly(RING_CACHE_MS)}; the older ones still open.`,
  )
  context.out.note('keys reencrypt seals anew what is kept; then keys retire takes the older ones away')
}

export async function reencrypt(context: AdminContext): Promise<void> {
  await ringOf(context)
  const value = await resealed(context)
  const { devices, sessions, webPush } = value
  context.out.result(value, [
    `devices: ${devices.resealed} of ${devices.looked} sealed anew`,
    `sessions: ${sessions.resealed} of ${sessions.looked} sealed anew`,
    ...(webPush ? ['the key of Web Push: sealed anew'] : []),
  ])
}

/** Takes the older keys away, once nothing is sealed by them any more. */
export async function retireKeys(context: AdminContext): Promise<void> {
  const { clock, ask } = context
  const [newest, ...older] = await ringOf(context)
  if (older.length === 0) return show(context, [newest], ['there is no older key: nothing to retire'])
  // An environment seals with the key that it knew until it reads the ring again.
  const waitMs = newest.madeAt + 2 * RING_CACHE_MS - clock.now()
  if (waitMs > 0) {
    throw new AdminFault(
      `a function may still seal with the key before: again in ${roughly(waitMs)}. Nothing was changed`,
    )
  }
  await ask.sure(
    `Retire ${older.map(({ id }) => id).join(', ')}? What they sealed, in backups too, does not open any more.`,
  )
  await resealed(context)
  const left = await resealed(context)
  if (left.devices.resealed + left.sessions.resealed > 0 || left.webPush) {
    throw new AdminFault('something was sealed by an older key meanwhile: try again. Nothing was retired')
  }
  const ring = await changed(context, (before) => {
    const [first] = mustBe(before)
    if (first.id !== newest.id) throw new AdminFault('the keys were rotated meanwhile: look again. Nothing was retired')
    return [first]
  })
  show(context, ring, [])
}

/** Seals everything by the newest key, device by device and session by session. Stopped half-way, it goes on where it is left. */
async function resealed(context: AdminContext): Promise<Reencrypted> {
  const { configuration, sessions, vapidKeys, listed } = context
  const names: string[] = []
  for await (const page of listed<DeviceItem>(KEY_PREFIXES.device)) names.push(...page.map(({ name }) => name))
  const taken = (await takenSeats(context)).map(({ session }) => session)
  return {
    devices: await counted(context, 'devices', names, (name) => configuration.reseal(name)),
    sessions: await counted(context, 'sessions', taken, (session) => sessions.reseal(session)),
    webPush: await vapidKeys.reseal(),
  }
}

async function counted(
  { out }: AdminContext,
  what: string,
  names: readonly string[],
  reseal: (name: string) => Promise<boolean>,
): Promise<Counts> {
  let done = 0
  const each = await mapConcurrent(names, AT_ONCE, async (name) => {
    const anew = await reseal(name)
    out.progress(what, (done += 1), names.length)
    return anew
  })
  return { looked: names.length, resealed: each.filter((anew) => anew).length }
}

async function ringOf({ rings }: AdminContext): Promise<KeyRing> {
  return mustBe(await rings.read())
}

function mustBe(ring: KeyRing | undefined): KeyRing {
  if (ring === undefined) throw new AdminFault('there is no key ring yet: keys create makes it')
  return ring
}

async function changed({ rings, clock }: AdminContext, to: (ring: KeyRing | undefined) => KeyRing): Promise<KeyRing> {
  const ring = await rings.change(to, clock.now())
  if (ring === undefined)
    throw new AdminFault('somebody else is changing the key ring at this moment: try again in a minute')
  return ring
}

function show({ out, target, clock }: AdminContext, ring: KeyRing, more: readonly string[]): void {
  const keys = ring.map(({ id, madeAt }) => ({ id, madeAt }))
  const value: KeysShown = { masterKey: target.masterKey, keys }
  const rows = keys.map(({ id, madeAt }, at) => [
    id,
    roughly(clock.now() - madeAt),
    at === 0 ? 'seals and opens' : 'opens',
  ])
  out.result(value, [...out.table(['key', 'age', 'use'], rows), ...more])
}

export function keysCommands(program: Command, attend: Attend): void {
  const keys = program
    .command('keys')
    .description('the master key that seals what is kept')
    .addHelpText('after', KEYS_HELP)
  for (const [name, work, description] of COMMANDS) {
    keys
      .command(name)
      .description(description)
      .addHelpText('after', examples(`keys ${name}`))
      .action(() => attend(work))
  }
}

const COMMANDS = [
  ['create', createKeys, 'makes the master key: once, after the first deployment'],
  ['show', showKeys, 'which keys there are, and since when; never the keys'],
  ['rotate', rotateKeys, 'puts a new key in front: it seals, the older ones still open'],
  ['reencrypt', reencrypt, 'seals everything that is kept by the newest key'],
  ['retire', retireKeys, 'takes the older keys away, when nothing is sealed by them: asks first'],
] as const

const KEYS_HELP = `
Transport keys of devices and tickets of sessions are kept sealed under the newest of these keys. Rotating
ends no session and refuses no device: rotate, reencrypt, and ten minutes later retire.
${examples('keys show', 'keys rotate', 'keys reencrypt', 'keys retire --yes')}`
