import { KEY_PREFIXES } from '../../../shared/store/configuration/configuration.ts'
import type { DeviceItem } from '../../../shared/store/configuration/device-item.ts'
import { Unsealable } from '../../../shared/store/keys/vault.ts'
import { inWords } from '../fault.ts'
import { ok, wrong, type Check, type Finding } from './check.ts'

/** How many devices are tried: enough to see that the keys belong to these tables. */
const DEVICES = 25

/** Whether the key ring can be read, and opens what the configuration holds. */
export const masterKeyCheck: Check = {
  looksAt: 'the master key',
  async findings({ rings, target, listed, configuration, clock }) {
    const check = 'master key'
    const ring = await rings.read().catch((thrown: unknown) => inWords(thrown, target).split('\n'))
    if (ring === undefined) {
      return [
        wrong(check, `${target.masterKey} holds no key ring`, 'keys create makes it: until then no device connects'),
      ]
    }
    if (typeof ring[0] === 'string') {
      return [wrong(check, `${target.masterKey}: ${ring[0]}`, 'README.md in infra/admin has the policy')]
    }
    const found: Finding[] = []
    let opened = 0
    for await (const page of listed<DeviceItem>(KEY_PREFIXES.device)) {
      for (const { name } of page.slice(0, DEVICES - opened)) {
        opened += 1
        await configuration.device(name, clock.now()).catch((thrown: unknown) => {
          if (!(thrown instanceof Unsealable)) throw thrown
          found.push(wrong(check, thrown.message, `devices rotate ${name} gives it a new key`))
        })
      }
      if (opened === DEVICES) break
    }
    if (found.length > 0) return found
    const keys = ring.length === 1 ? '1 key' : `${ring.length} keys`
    return [ok(check, `${target.masterKey} holds ${keys}, and opens the devices' keys`)]
  },
}
