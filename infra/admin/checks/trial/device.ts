import { randomBytes } from 'node:crypto'
import { newTransportKey, printTransportKey } from '../../../../shared/wire/transport-key.ts'
import type { AdminContext } from '../../context.ts'
import { AdminFault } from '../../fault.ts'
import { shutOut } from '../../commands/shutting-out.ts'

/** A device that is there for one trial. Its key is in this process alone. */
export interface TrialDevice {
  readonly id: string
  /** 32 bytes. */
  readonly transportKey: Uint8Array
  /** Removes it, and ends what it may have left open. */
  readonly remove: () => Promise<void>
}

/** @throws AdminFault when the configuration does not take it */
export async function trialDevice(context: AdminContext, user: string): Promise<TrialDevice> {
  const id = `doctor-${randomBytes(6).toString('hex')}`
  const transportKey = newTransportKey()
  const record = { state: 'active', transportKey: printTransportKey(transportKey), user } as const
  if (!(await context.configuration.addDevice(id, record)))
    throw new AdminFault(`device ${id} is there already: try again`)
  return {
    id,
    transportKey,
    async remove() {
      await context.configuration.removeDevice(id)
      await shutOut(context, id)
    },
  }
}
