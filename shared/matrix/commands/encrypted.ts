import { isRefusal } from '../faults.ts'
import { NotPossible } from '../../upstream/not-possible.ts'
import { inRoom, type Calls } from './room-calls.ts'
import type { Clock } from '../../clock.ts'

/** For how long a room that was not encrypted is taken for such, in milliseconds. One that is stays so for ever. */
const PLAIN_MS = 60_000
const ROOMS_MOST = 5_000

export interface EncryptedRooms {
  /** @throws NotPossible where the room is encrypted: what is sent there in the clear would be read by who must not */
  readonly refuse: (room: string, calls: Calls) => Promise<void>
}

/** Knows which rooms are encrypted ("m.room.encryption"), as far as it asked. */
export function encryptedRooms({ now }: Pick<Clock, 'now'>): EncryptedRooms {
  const plainUntil = new Map<string, number>()
  const encrypted = new Set<string>()

  return {
    async refuse(room, calls) {
      if (!encrypted.has(room) && (plainUntil.get(room) ?? 0) > now()) return
      if (encrypted.has(room) || (await isEncrypted(room, calls))) {
        encrypted.add(room)
        throw new NotPossible('this room is encrypted, and this service holds no keys: write from a device that does')
      }
      if (plainUntil.size >= ROOMS_MOST) plainUntil.clear()
      plainUntil.set(room, now() + PLAIN_MS)
    },
  }
}

async function isEncrypted(room: string, { ask }: Calls): Promise<boolean> {
  const path = inRoom(room, 'state/m.room.encryption/')
  try {
    await ask({ method: 'GET', path, doing: 'looking whether the room is encrypted' })
    return true
  } catch (thrown) {
    // 404: there is no such state. To a user who is not in the room the send itself says so.
    if (isRefusal(thrown)) return false
    throw thrown
  }
}
