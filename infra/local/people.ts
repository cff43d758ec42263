import { randomBytes } from 'node:crypto'
import { newTransportKey, printTransportKey } from '../../shared/wire/transport-key.ts'
import type { UpstreamKind } from '../../shared/upstream/kinds.ts'
import type { StandInUser } from '../standin/cwa/users.ts'
import type { RunningStack } from './stack.ts'

/** Somebody whom the local stack's stand-in knows, with a device of their own. */
export interface Person extends StandInUser {
  /** As the person signs in: `CONTOSO\ann`, with Matrix `@ann:contoso.test`. */
  readonly login: string
  readonly device: string
}

/**
 * Ann, Bob and Cat of CONTOSO, each on the others' contact lists.
 *
 * Their passwords are new at each start: they open nothing but this stack's own stand-in, and are written down nowhere.
 */
export function people(kind: UpstreamKind = 'cwa'): Readonly<Record<'ann' | 'bob' | 'cat', Person>> {
  const uris = ['ann', 'bob', 'cat'].map((user) => `sip:${user}@contoso.test`)
  const person = (user: string, displayName: string): Person => ({
    domain: 'CONTOSO',
    user,
    displayName,
    password: randomBytes(6).toString('base64url'),
    login: kind === 'cwa' ? `CONTOSO\\${user}` : `@${user}:contoso.test`,
    device: `${user}-phone`,
    contacts: uris.filter((uri) => !uri.startsWith(`sip:${user}@`)),
  })
  return { ann: person('ann', 'Ann Archer'), bob: person('bob', 'Bob Baker'), cat: person('cat', 'Cat Cooper') }
}

/** Permits a person to use the collaboration client and enrolls the device. @returns its transport key */
export async function admit({ login, device }: Person, { configuration }: RunningStack): Promise<Uint8Array> {
  const transportKey = newTransportKey()
  await configuration.putUser(login, { permitted: true })
  await configuration.putDevice(device, { state: 'active', transportKey: printTransportKey(transportKey) })
  return transportKey
}
