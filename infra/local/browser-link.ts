import { wallClock } from '../../shared/clock.ts'
import type { Offer } from '../../shared/store/configuration/enrolment.ts'
import { codeKeys, enrolmentLink, newEnrolmentCode, printEnrolmentCode } from '../../shared/wire/enrolment.ts'
import { newTransportKey, printTransportKey } from '../../shared/wire/transport-key.ts'
import type { Person } from './people.ts'
import type { RunningStack } from './stack.ts'

/** How long a link enrols a browser: a day of trying things out, in milliseconds. */
const VALID_MS = 24 * 60 * 60_000

/** A link to the page that makes a browser a device of this person: `ann-browser`. Good for one use. */
export async function browserLink(
  { user, login }: Pick<Person, 'user' | 'login'>,
  { enrolments }: Pick<RunningStack, 'enrolments'>,
  page: string,
): Promise<string> {
  const device = `${user}-browser`
  const code = newEnrolmentCode(device)
  const { id, key } = await codeKeys(code)
  const offer: Offer = {
    id,
    key: printTransportKey(key),
    transportKey: printTransportKey(newTransportKey()),
    until: wallClock.now() + VALID_MS,
  }
  // With --keep it is there from before: then it gets a new key.
  if (!(await enrolments.add(device, offer, login))) await enrolments.offer(device, offer)
  return enrolmentLink(page, printEnrolmentCode(code))
}
