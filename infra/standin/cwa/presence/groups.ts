import type { GroupChange } from '../../../../shared/cwa/model.ts'
import { invalidOperation, listFailure } from '../http/failures.ts'
import type { ContactBook, Outcome } from './contacts.ts'

interface Group {
  readonly id: string
  readonly name: string
  readonly externalUri?: string
}

/** The default group's name; it can never be deleted (bb969620). */
const DEFAULT_GROUP = '~'

export interface Groups extends Pick<ContactBook, 'addGroup' | 'updateGroup' | 'deleteGroup'> {
  readonly all: () => readonly Group[]
  readonly has: (id: string) => boolean
}

/**
 * The groups of one contact list.
 *
 * @param changed numbers the change for the list
 * @param emptied takes every contact out of a group that goes
 */
export function groupList(changed: (group: GroupChange) => Outcome, emptied: (id: string) => void): Groups {
  const groups = new Map<string, Group>()
  let lastGroup = 0

  const isTaken = (name: string, except?: string) =>
    [...groups].some(([id, group]) => id !== except && group.name.toLowerCase() === name.toLowerCase())

  return {
    all: () => [...groups.values()],
    has: (id) => groups.has(id),
    addGroup(name, externalUri) {
      if (isTaken(name)) return duplicate
      const id = String(++lastGroup)
      const group = { id, name, ...(externalUri === undefined ? {} : { externalUri }) }
      groups.set(id, group)
      return changed({ ...group, action: 'added' })
    },
    updateGroup(id, name) {
      const group = groups.get(id)
      if (group === undefined) return noGroup(id)
      if (isTaken(name, id)) return duplicate
      groups.set(id, { ...group, name })
      return changed({ ...group, name, action: 'updated' })
    },
    deleteGroup(id) {
      const group = groups.get(id)
      if (group === undefined) return noGroup(id)
      if (group.name === DEFAULT_GROUP) return { error: invalidOperation('The default group stays') }
      groups.delete(id)
      emptied(id)
      return changed({ id, action: 'deleted' })
    },
  }
}

const noGroup = (id: string): Outcome => ({ error: listFailure(404, `There is no group ${id}`) })
const duplicate: Outcome = { error: listFailure(485, 'Duplicate group name') }
