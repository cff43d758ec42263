import type { Command } from 'commander'
import { KEY_PREFIXES } from '../../../shared/store/configuration/configuration.ts'
import type { DeviceItem, DeviceState } from '../../../shared/store/configuration/device-item.ts'
import { newTransportKey, printTransportKey } from '../../../shared/wire/transport-key.ts'
import type { Attend } from '../attend.ts'
import type { AdminContext } from '../context.ts'
import { deviceId } from '../words/device-id.ts'
import { roughly } from '../words/duration.ts'
import { enrollDevice, rotateDevice, VALID_DEFAULT, type CodeOptions } from './enrolling.ts'
import { examples } from './examples.ts'
import { AdminFault } from '../fault.ts'
import { forgetDevice } from './forgetting.ts'
import { keyFile } from '../words/key-file.ts'
import { shutOut, type ShutOut } from './shutting-out.ts'
import { userName } from '../words/user-name.ts'

/** `--json` of what shows or changes one device. Its transport key is never shown. */
export interface DeviceShown extends Partial<ShutOut> {
  readonly device: string
  readonly state: DeviceState | 'removed'
  /** Whom it was given to. */
  readonly user?: string
  /** The enrolment code that was given out last. */
  readonly code?: CodeState
  /** `devices add`: where its key was written. */
  readonly file?: string
  /** `devices show`: the session that it logged in to last; `sessions show` says whether that is still open. */
  readonly session?: string
}

/** `open` until it is redeemed or expires. */
type CodeState = 'open' | 'redeemed' | 'expired'

/** `--json` of `devices list`. */
export interface DevicesListed {
  readonly devices: readonly Pick<DeviceShown, 'device' | 'state' | 'user' | 'code'>[]
}

export interface NewDevice {
  readonly out: string
  readonly user?: string
}

/** Makes a device's transport key, and writes it to a file: it is nowhere else to be had. */
export async function addDevice(
  { configuration, target, out }: AdminContext,
  id: string,
  options: NewDevice,
): Promise<void> {
  const device = deviceId(id)
  const user = options.user === undefined ? {} : { user: userName(options.user) }
  const transportKey = printTransportKey(newTransportKey())
  const takeAway = keyFile(options.out, { url: target.url, device, ...user, transportKey })
  try {
    if (!(await configuration.addDevice(device, { state: 'active', transportKey, ...user }))) {
      throw new AdminFault(`device ${device} is there already: choose another id, or remove that one first`)
    }
  } catch (thrown) {
    takeAway()
    throw thrown
  }
  const value: DeviceShown = { device, state: 'active', ...user, file: options.out }
  const next = user.user === undefined ? [] : [`try it: npm run chat -- --device ${options.out}`]
  out.result(value, [`${device}: active; its key is in ${options.out}, and nowhere else to be had`, ...next])
}

export async function listDevices({ listed, out, clock }: AdminContext): Promise<void> {
  const devices: DevicesListed['devices'][number][] = []
  for await (const page of listed<DeviceItem>(KEY_PREFIXES.device)) {
    // The key of none goes on from here.
    devices.push(
      ...page.map(({ name, item: { state, user, codeUntil, claim } }) => ({
        device: name,
        state,
        ...(user && { user }),
        ...codeOf(codeUntil, claim, clock.now()),
      })),
    )
    out.progress('read', devices.length)
  }
  devices.sort((one, other) => (one.device < other.device ? -1 : 1))
  const value: DevicesListed = { devices }
  const rows = devices.map(({ device, state, user = '-', code = '-' }) => [device, state, user, code])
  const none = ['there are no devices: devices enroll USER']
  out.result(value, devices.length === 0 ? none : out.table(['device', 'state', 'given to', 'code'], rows))
}

export async function showDevice({ configuration, sessions, out, clock }: AdminContext, id: string): Promise<void> {
  const device = deviceId(id)
  const record = await configuration.device(device, clock.now())
  if (record === undefined) throw unknown(device)
  const { state, user, code } = record
  const session = (await sessions.ofDevice(device))?.session
  const codeState = codeOf(code?.until, code?.claim, clock.now())
  const value: DeviceShown = { device, state, ...(user && { user }), ...codeState, ...(session && { session }) }
  const left = roughly((code?.until ?? 0) - clock.now())
  const words = { open: `open for ${left}`, redeemed: 'redeemed', expired: 'expired, and not redeemed' }
  out.result(
    value,
    out.table(
      ['device', 'state', 'given to', 'last session', 'code'],
      [[device, state, user ?? '-', session ?? '-', codeState.code === undefined ? '-' : words[codeState.code]]],
    ),
  )
}

function codeOf(until: number | undefined, claim: string | undefined, now: number): { readonly code?: CodeState } {
  if (until === undefined) return {}
  if (claim !== undefined) return { code: 'redeemed' }
  return { code: now < until ? 'open' : 'expired' }
}

export async function setDeviceState(
  context: AdminContext,
  id: string,
  state: Exclude<DeviceState, 'waiting'>,
): Promise<void> {
  const { configuration, ask, out } = context
  const device = deviceId(id)
  if (state === 'revoked') await ask.sure(`Revoke ${device}? It cannot be enabled again.`)
  const done = await configuration.setState(device, state)
  if (done === 'unknown') throw unknown(device)
  if (done === 'revoked' && state !== 'revoked')
    throw new AdminFault(`${device} is revoked, and stays so: add a device under another id`)
  if (done === 'active' || done === 'waiting') {
    const value: DeviceShown = { device, state: done }
    return out.result(value, [`${device}: ${done}`])
  }
  reportShutOut(context, device, done, await shutOut(context, device))
}

/** Says what became of a device whose state, or record, lets it connect no more. */
function reportShutOut(
  { out }: AdminContext,
  device: string,
  state: DeviceShown['state'],
  { ended, closed }: ShutOut,
): void {
  const value: DeviceShown = { device, state, ended, closed }
  const sessions = ended.map(({ session, user = '-' }) => `${session} of ${user}: ended`)
  out.result(value, [`${device}: ${state}`, ...sessions, ...(closed > 0 ? ['its connection: closed'] : [])])
}

export async function removeDevice(context: AdminContext, id: string): Promise<void> {
  const { configuration, ask } = context
  const device = deviceId(id)
  await ask.sure(`Remove ${device}, and its key?`)
  const isKnown = await configuration.removeDevice(device)
  // Once more for one whose removal was cut short.
  if (!isKnown && (await context.sessions.ofDevice(device)) === undefined) throw unknown(device)
  const shut = await shutOut(context, device)
  await forgetDevice(context, device)
  reportShutOut(context, device, 'removed', shut)
}

function unknown(device: string): AdminFault {
  return new AdminFault(`device ${device} is not known: devices list shows which there are`)
}

export function devicesCommands(program: Command, attend: Attend): void {
  const devices = program.command('devices').description('which devices may connect').addHelpText('after', DEVICES_HELP)
  withCode(devices.command('enroll'))
    .argument('<USER>', 'whom the device is given to')
    .option('--id <ID>', "the device's name; without it, one is made")
    .description('makes a device, and the code by which it comes for its key')
    .addHelpText(
      'after',
      examples(`devices enroll 'CONTOSO\\ann'`, `devices enroll 'CONTOSO\\ann' --valid 1h --out ann.code`),
    )
    .action((user: string, options: CodeOptions & { id?: string }) =>
      attend((context) => enrollDevice(context, user, options)),
    )
  withCode(devices.command('rotate'))
    .argument('<ID>')
    .description('a code for a new key; the old one works until the code is redeemed')
    .addHelpText('after', examples('devices rotate ann-phone'))
    .action((id: string, options: CodeOptions) => attend((context) => rotateDevice(context, id, options)))
  devices
    .command('add')
    .argument('<ID>', 'a name for the device, such as ann-phone')
    .requiredOption('--out <FILE>', "where the device's key is written; a file that is not there yet")
    .option('--user <NAME>', 'whom it is given to; npm run chat needs it')
    .description('makes a key for a device without a code: for programs on this machine')
    .addHelpText('after', examples(`devices add ann-phone --user 'CONTOSO\\ann' --out .local/ann.json`))
    .action((id: string, options: NewDevice) => attend((context) => addDevice(context, id, options)))
  devices
    .command('list')
    .description('all devices and their states')
    .addHelpText('after', examples('devices list'))
    .action(() => attend(listDevices))
  devices
    .command('show')
    .argument('<ID>')
    .description('one device')
    .addHelpText('after', examples('devices show ann-phone'))
    .action((id: string) => attend((context) => showDevice(context, id)))
  for (const [name, state, description] of STATES) {
    devices
      .command(name)
      .argument('<ID>')
      .description(description)
      .addHelpText('after', examples(`devices ${name} ann-phone`))
      .action((id: string) => attend((context) => setDeviceState(context, id, state)))
  }
  devices
    .command('remove')
    .argument('<ID>')
    .description('forgets a device and its key: asks first')
    .addHelpText('after', examples('devices remove ann-phone'))
    .action((id: string) => attend((context) => removeDevice(context, id)))
}

/** The options of a command that gives out a code. */
function withCode(command: Command): Command {
  return command
    .option('--valid <DURATION>', 'how long the code may be redeemed', VALID_DEFAULT)
    .option('--out <FILE>', 'a file for the code, that is not there yet; without it, the code is shown')
}

const STATES = [
  ['disable', 'disabled', 'shuts a device out until it is enabled, and ends its session'],
  ['enable', 'active', 'lets a disabled device connect again'],
  ['revoke', 'revoked', 'shuts a device out for ever, and ends its session: asks first'],
] as const

const DEVICES_HELP = `
disable, revoke and remove end the device's session and close its connection at once. A device is lost:
devices revoke ID, and sessions end --user NAME where it is not known which.
${examples(`devices enroll 'CONTOSO\\ann'`, 'devices revoke ann-phone')}`
