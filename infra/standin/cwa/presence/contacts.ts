import type { ContactArguments, CwaError } from '../../../../shared/cwa/model.ts'
import type { NewEvent } from '../event-queue.ts'
import { listFailure } from '../http/failures.ts'
import type { Account } from '../users.ts'
import { groupList } from './groups.ts'

/**
 * One user's contacts and groups. A real server keeps them in LCS (roaming contacts); here CWA does, because the protocol between
 * the two for it (SERVICE with SOAP) is seen by no client. They outlive sessions and restarts, not the process.
 */
export interface ContactBook {
  readonly whole: () => NewEvent
  readonly subscribed: () => readonly string[]
  readonly has: (uri: string) => boolean
  readonly addContact: (contact: ContactArguments) => Outcome
  readonly updateContact: (contact: ContactArguments) => Outcome
  readonly deleteContact: (uri: string) => Outcome
  readonly addGroup: (name: string, externalUri?: string) => Outcome
  readonly updateGroup: (id: string, name: string) => Outcome
  readonly deleteGroup: (id: string) => Outcome
}

/** The change as every session of the user learns of it, or why there is none. */
export type Outcome = { readonly change: NewEvent } | { readonly error: CwaError }

export function contactBook(account: Account, displayName: (uri: string) => string | undefined): ContactBook {
  const contacts = new Map<string, ContactArguments>(
    account.contacts.map((uri) => [
      uri,
      { uri, name: displayName(uri) ?? uri, subscribed: true, tag: false, groups: [] },
    ]),
  )
  const { all: groups, has: hasGroup, ...changeGroups } = groupList((group) => changed({ groups: [group] }), empty)
  let deltaNum = 1

  function changed(change: Partial<Pick<ContactGroupEvent, 'groups' | 'contacts'>>): Outcome {
    deltaNum += 1
    return { change: { event: 'contactGroup', fullList: false, deltaNum, groups: [], contacts: [], ...change } }
  }

  function empty(group: string): void {
    for (const contact of contacts.values()) {
      contacts.set(contact.uri, { ...contact, groups: contact.groups.filter((each) => each !== group) })
    }
  }

  function put(contact: ContactArguments, action: 'added' | 'updated'): Outcome {
    const unknown = contact.groups.find((id) => !hasGroup(id))
    if (unknown !== undefined) return { error: listFailure(404, `There is no group ${unknown}`) }
    const kept = { ...contact, uri: contact.uri.toLowerCase() }
    contacts.set(kept.uri, kept)
    return changed({ contacts: [{ ...kept, action }] })
  }

  return {
    ...changeGroups,
    whole: () => ({
      event: 'contactGroup',
      fullList: true,
      deltaNum,
      groups: groups(),
      contacts: [...contacts.values()],
    }),
    subscribed: () => [...contacts.values()].filter(({ subscribed }) => subscribed).map(({ uri }) => uri),
    has: (uri) => contacts.has(uri.toLowerCase()),
    // A contact that is there already is brought up to date, as adding it on a second machine does.
    addContact: (contact) => put(contact, contacts.has(contact.uri.toLowerCase()) ? 'updated' : 'added'),
    updateContact: (contact) =>
      contacts.has(contact.uri.toLowerCase()) ? put(contact, 'updated') : noContact(contact.uri),
    deleteContact(uri) {
      const contact = contacts.get(uri.toLowerCase())
      if (contact === undefined) return noContact(uri)
      contacts.delete(contact.uri)
      return changed({ contacts: [{ uri: contact.uri, groups: [], action: 'deleted' }] })
    },
  }
}

type ContactGroupEvent = Extract<NewEvent, { readonly event: 'contactGroup' }>

const noContact = (uri: string): Outcome => ({ error: listFailure(404, `${uri} is not on the contact list`) })
