import type { ContactArguments, ContactChange, CwaError, GroupChange } from '../../../../shared/cwa/model.ts'
import type { NewEvent } from '../event-queue.ts'
import { invalidOperation, listFailure } from '../http/failures.ts'
import type { Account } from '../users.ts'

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

interface Group {
  readonly id: string
  readonly name: string
  readonly externalUri?: string
}

/** The default group's name; it can never be deleted (bb969620). */
const DEFAULT_GROUP = '~'

export function contactBook(account: Account, displayName: (uri: string) => string | undefined): ContactBook {
  const groups = new Map<string, Group>()
  const contacts = new Map<string, ContactArguments>(
    account.contacts.map((uri) => [
      uri,
      { uri, name: displayName(uri) ?? uri, subscribed: true, tag: false, groups: [] },
    ]),
  )
  let deltaNum = 1
  let lastGroup = 0

  function changed(change: { readonly group?: GroupChange; readonly contact?: ContactChange }): Outcome {
    deltaNum += 1
    const { group, contact } = change
    return {
      change: {
        event: 'contactGroup',
        fullList: false,
        deltaNum,
        groups: group === undefined ? [] : [group],
        contacts: contact === undefined ? [] : [contact],
      },
    }
  }

  function put(contact: ContactArguments, action: 'added' | 'updated'): Outcome {
    const unknown = contact.groups.find((id) => !groups.has(id))
    if (unknown !== undefined) return { error: listFailure(404, `There is no group ${unknown}`) }
    const kept = { ...contact, uri: contact.uri.toLowerCase() }
    contacts.set(kept.uri, kept)
    return changed({ contact: { ...kept, action } })
  }

  const isTaken = (name: string, except?: string) =>
    [...groups].some(([id, group]) => id !== except && group.name.toLowerCase() === name.toLowerCase())

  return {
    whole: () => ({
      event: 'contactGroup',
      fullList: true,
      deltaNum,
      groups: [...groups.values()],
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
      return changed({ contact: { uri: contact.uri, groups: [], action: 'deleted' } })
    },
    addGroup(name, externalUri) {
      if (isTaken(name)) return duplicate
      const id = String(++lastGroup)
      const group = { id, name, ...(externalUri === undefined ? {} : { externalUri }) }
      groups.set(id, group)
      return changed({ group: { ...group, action: 'added' } })
    },
    updateGroup(id, name) {
      const group = groups.get(id)
      if (group === undefined) return noGroup(id)
      if (isTaken(name, id)) return duplicate
      groups.set(id, { ...group, name })
      return changed({ group: { ...group, name, action: 'updated' } })
    },
    deleteGroup(id) {
      const group = groups.get(id)
      if (group === undefined) return noGroup(id)
      if (group.name === DEFAULT_GROUP) return { error: invalidOperation('The default group stays') }
      groups.delete(id)
      for (const contact of contacts.values()) {
        contacts.set(contact.uri, { ...contact, groups: contact.groups.filter((each) => each !== id) })
      }
      return changed({ group: { id, action: 'deleted' } })
    },
  }
}

const noGroup = (id: string): Outcome => ({ error: listFailure(404, `There is no group ${id}`) })
const noContact = (uri: string): Outcome => ({ error: listFailure(404, `${uri} is not on the contact list`) })
const duplicate: Outcome = { error: listFailure(485, 'Duplicate group name') }
