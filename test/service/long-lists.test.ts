import { describe, expect, it } from 'vitest'
import type { DeviceEvent } from '../../shared/device/event.ts'
import { GATEWAY_LIMITS } from '../../shared/rules/aws/gateway-limits.ts'
import { services } from '../kit/service.ts'

/** As JSON they are twice what one answer may hold. */
const CONTACTS = Array.from({ length: 2_500 }, (_, number) => `sip:contact-${number}.of-a-large-company@contoso.test`)

function contactsIn(events: readonly DeviceEvent[]): string[] {
  return events.flatMap((event) => (event.kind === 'contacts' ? event.contacts.map(({ uri }) => uri) : []))
}

describe('a contact list that is too long for one answer', () => {
  const service = services()

  it('reaches the device whole and once: the first of it with the acceptance, the rest after it', async () => {
    expect(JSON.stringify(CONTACTS).length).toBeGreaterThan(GATEWAY_LIMITS.messageBytes / 2)
    const { ann } = await service({ contactsOfAnn: CONTACTS })

    const { batches } = await ann.device.login(ann.person.login, ann.person.password)
    await ann.saw('the last contact', 'contacts', ({ contacts }) => contacts.some(({ uri }) => uri === CONTACTS.at(-1)))
    await ann.device.poll()

    expect(contactsIn(batches.flatMap(({ events }) => events)).length).toBeLessThan(CONTACTS.length)
    expect(contactsIn(ann.seen).toSorted()).toEqual(CONTACTS.toSorted())
  })
})
