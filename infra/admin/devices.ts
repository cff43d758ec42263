import type { Command } from 'commander'
import { KEY_PREFIXES } from '../../shared/store/configuration.ts'
import type { DeviceItem, DeviceState } from '../../shared/store/device-item.ts'
import { newTransportKey, printTransportKey } from '../../shared/wire/transport-key.ts'
import type { Attend } from './attend.ts'
import type { Desk } from './desk.ts'
import { examples } from './examples.ts'
import { AdminFault, wrongUse } from './fault.ts'
import { keyFile } from './key-file.ts'
import { userName } from './user-name.ts'

/** `--json` of what shows or changes one device. Its transport key is never shown. */
export interface DeviceShown {
  readonly device: string
  readonly state: DeviceState | 'removed'
  /** Whom it was given to. */
  readonly user?: string
  /** `devices add`: where its key was written. */
  readonly file?: string
  /** `devices show`: the session that it logged in to last; `sessions show` says whether that is still open. */
  readonly session?: string
}

/** `--json` of `devices list`. */
export interface DevicesListed {
  readonly devices: readonly Pick<DeviceShown, 'device' | 'state' | 'user'>[]
}

export interface NewDevice {
  readonly out: string
  readonly user?: string
}

/** Makes a device's transport key, and writes it to a file: it is nowhere else to be had. */
export async function addDevice({ configuration, target, out }: Desk, id: string, options: NewDevice): Promise<void> {
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

export async function listDevices({ listed, out }: Desk): Promise<void> {
  const devices: DevicesListed['devices'][number][] = []
  for await (const page of listed<DeviceItem>(KEY_PREFIXES.device)) {
    // The key of none goes on from here.
    devices.push(...page.map(({ name, item: { state, user } }) => ({ device: name, state, ...(user && { user }) })))
    out.progress('read', devices.length)
  }
  devices.sort((one, other) => (one.device < other.device ? -1 : 1))
  const value: DevicesListed = { devices }
  const rows = devices.map(({ device, state, user = '-' }) => [device, state, user])
  const none = ['there are no devices: devices add ID --out FILE']
  out.result(value, devices.length === 0 ? none : out.table(['device', 'state', 'given to'], rows))
}

export async function showDevice({ configuration, sessions, out, clock }: Desk, id: string): Promise<void> {
  const device = deviceId(id)
  const record = await configuration.device(device, clock.now())
  if (record === undefined) throw unknown(device)
  const { state, user } = record
  const session = (await sessions.ofDevice(device))?.session
  const value: DeviceShown = { device, state, ...(user && { user }), ...(session && { session }) }
  out.result(
    value,
    out.table(['device', 'state', 'given to', 'last session'], [[device, state, user ?? '-', session ?? '-']]),
  )
}

export async function setDeviceState(desk: Desk, id: string, state: Exclude<DeviceState, 'waiting'>): Promise<void> {
  const { configuration, ask, out } = desk
  const device = deviceId(id)
  if (state === 'revoked') await ask.sure(`Revoke ${device}? It cannot be enabled again.`)
  const done = await configuration.setState(device, state)
  if (done === 'unknown') throw unknown(device)
  if (done === 'revoked' && state !== 'revoked')
    throw new AdminFault(`${device} is revoked, and stays so: add a device under another id`)
  const value: DeviceShown = { device, state: done }
  out.result(value, [`${device}: ${done}`])
  if (state !== 'active')
    out.note(`a connection that is open lives until it closes: sessions end --device ${device} ends its session`)
}

export async function removeDevice({ configuration, ask, out }: Desk, id: string): Promise<void> {
  const device = deviceId(id)
  await ask.sure(`Remove ${device}, and its key?`)
  if (!(await configuration.removeDevice(device))) throw unknown(device)
  const value: DeviceShown = { device, state: 'removed' }
  out.result(value, [`${device}: removed`])
  out.note(`a session that it has stays: sessions end --device ${device} ends it`)
}

function unknown(device: string): AdminFault {
  return new AdminFault(`device ${device} is not known: devices list shows which there are`)
}

/** @throws AdminFault (wrong use) that says what is accepted */
export function deviceId(text: string): string {
  if (/^[\w.-]{1,64}$/.test(text)) return text
  throw wrongUse(`device ${JSON.stringify(text)}: accepted are 1 to 64 letters, digits, - _ and .`)
}

export function devicesCommands(program: Command, attend: Attend): void {
  const devices = program.command('devices').description('which devices may connect').addHelpText('after', DEVICES_HELP)
  devices
    .command('add')
    .argument('<ID>', 'a name for the device, such as ann-phone')
    .requiredOption('--out <FILE>', "where the device's key is written; a file that is not there yet")
    .option('--user <NAME>', 'whom it is given to; npm run chat needs it')
    .description('makes a key for a new device, and writes the file that it logs in with')
    .addHelpText('after', examples(`devices add ann-phone --user 'CONTOSO\\ann' --out .local/ann.json`))
    .action((id: string, options: NewDevice) => attend((desk) => addDevice(desk, id, options)))
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
    .action((id: string) => attend((desk) => showDevice(desk, id)))
  for (const [name, state, description] of STATES) {
    devices
      .command(name)
      .argument('<ID>')
      .description(description)
      .addHelpText('after', examples(`devices ${name} ann-phone`))
      .action((id: string) => attend((desk) => setDeviceState(desk, id, state)))
  }
  devices
    .command('remove')
    .argument('<ID>')
    .description('forgets a device and its key: asks first')
    .addHelpText('after', examples('devices remove ann-phone'))
    .action((id: string) => attend((desk) => removeDevice(desk, id)))
}

const STATES = [
  ['disable', 'disabled', 'lets a device connect no more, until it is enabled'],
  ['enable', 'active', 'lets a disabled device connect again'],
  ['revoke', 'revoked', 'lets a device connect never again: asks first'],
] as const

const DEVICES_HELP = `
A connection that is open when its device is disabled, revoked or removed lives until it closes;
sessions end --device ID ends the session.
${examples(`devices add ann-phone --user 'CONTOSO\\ann' --out .local/ann.json`, 'devices revoke ann-phone')}

Then: npm run chat -- --device .local/ann.json`
