import { device, type Device } from '../../shared/device/device.ts'
import { newTransportKey, printTransportKey } from '../../shared/wire/transport-key.ts'
import type { Person } from '../../infra/local/people.ts'
import type { Service } from './service.ts'

/** More devices of the people there are, enrolled one by one: `extra-0`, `extra-1`, …. */
export async function moreDevices(
  { url, configuration, ann, bob, cat }: Service,
  count: number,
): Promise<{ device: Device; person: Person }[]> {
  const owners = [ann, bob, cat].map(({ person }) => person)
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const transportKey = newTransportKey()
      const id = `extra-${index}`
      await configuration.putDevice(id, { state: 'active', transportKey: printTransportKey(transportKey) })
      const person = owners[index % owners.length] ?? ann.person
      return { device: device({ url, device: id, transportKey }), person }
    }),
  )
}
