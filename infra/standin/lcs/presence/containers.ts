import { addressOfRecord } from '../sip/address.ts'
import { SipError } from '../sip/sip.ts'
import { escaped, node, nodes, readBody, string } from '../sip/xml-body.ts'

/** Who may see how much of somebody: the containers of MS-PRES, and the documents they travel in. */

export interface ContainerMember {
  /** `uri`: one user. Others are kept, and block no user. */
  readonly type: string
  readonly value: string
}

export interface ContainerChange {
  readonly id: number
  readonly members: readonly (ContainerMember & { readonly action: 'add' | 'delete' })[]
}

export interface Container {
  readonly id: number
  readonly members: readonly ContainerMember[]
}

/** Its members see nothing (bb969519). */
const BLOCKED = 32_000

/** One user's containers. */
export interface Containers {
  readonly change: (change: ContainerChange) => void
  /** Those with members, by their numbers. */
  readonly all: () => readonly Container[]
  readonly blocks: (watcher: string) => boolean
}

export function containers(): Containers {
  const byId = new Map<number, Map<string, ContainerMember>>()

  return {
    change({ id, members }) {
      const kept = byId.get(id) ?? new Map<string, ContainerMember>()
      for (const { action, type, value } of members) {
        const member = { type, value: type === 'uri' ? addressOfRecord(value) : value }
        const key = `${member.type} ${member.value}`
        if (action === 'add') kept.set(key, member)
        else kept.delete(key)
      }
      byId.set(id, kept)
    },
    all: () =>
      [...byId].map(([id, members]) => ({ id, members: [...members.values()] })).toSorted((a, b) => a.id - b.id),
    blocks: (watcher) => byId.get(BLOCKED)?.has(`uri ${watcher}`) ?? false,
  }
}

export const CHANGE_TYPE = 'application/msrtc-setcontainermembers+xml'
const NS = 'http://schemas.microsoft.com/2006/09/sip'

export function printContainerChange({ id, members }: ContainerChange): string {
  const each = members.map(
    ({ action, type, value }) => `<member action="${action}" type="${escaped(type)}" value="${escaped(value)}"/>`,
  )
  const container = `<container id="${id}">${each.join('')}</container>`
  return `<setContainerMembers xmlns="${NS}/container-management">${container}</setContainerMembers>`
}

/** @throws SipError 400 */
export function parseContainerChange(text: string): ContainerChange {
  const container = node(node(readBody(text)['setContainerMembers'])?.['container'])
  const id = Number(string(container?.['@id']))
  // bb969519.
  if (!Number.isInteger(id) || id < 1 || id > 32_767) throw new SipError(400, 'a container has a number up to 32767')
  const members = nodes(container?.['member']).map((member) => {
    const action = string(member['@action'])
    const type = string(member['@type'])
    const value = string(member['@value'])
    if ((action !== 'add' && action !== 'delete') || type === undefined || value === undefined) {
      throw new SipError(400, 'a member is added or deleted, and has a type and a value')
    }
    return { action, type, value } as const
  })
  return { id, members }
}

/** What a user sees of his own beside his presence. */
export interface RoamingSelf {
  readonly containers: readonly Container[]
  readonly subscribers: readonly { readonly uri: string; readonly displayName?: string }[]
}

export const ROAMING_EVENT = 'vnd-microsoft-roaming-self'
export const ROAMING_TYPE = 'application/vnd-microsoft-roaming-self+xml'

export function printRoamingSelf({ containers, subscribers }: RoamingSelf): string {
  const boxes = containers.map(({ id, members }) => {
    const each = members.map(({ type, value }) => `<member type="${escaped(type)}" value="${escaped(value)}"/>`)
    return `<container id="${id}">${each.join('')}</container>`
  })
  const watchers = subscribers.map(({ uri, displayName }) => {
    const name = displayName === undefined ? '' : ` displayName="${escaped(displayName)}"`
    return `<subscriber user="${escaped(uri)}"${name}/>`
  })
  const inner = `<containers>${boxes.join('')}</containers><subscribers>${watchers.join('')}</subscribers>`
  return `<roamingData xmlns="${NS}/roaming-self">${inner}</roamingData>`
}

/** @throws SipError 400 */
export function parseRoamingSelf(text: string): RoamingSelf {
  const root = node(readBody(text)['roamingData'])
  if (root === undefined) throw new SipError(400, 'the body is no roamingData')
  return {
    containers: nodes(node(root['containers'])?.['container']).map((container) => ({
      id: Number(string(container['@id'])),
      members: nodes(container['member']).map((member) => ({
        type: string(member['@type']) ?? '',
        value: string(member['@value']) ?? '',
      })),
    })),
    subscribers: nodes(node(root['subscribers'])?.['subscriber']).map((subscriber) => {
      const displayName = string(subscriber['@displayName'])
      return { uri: string(subscriber['@user']) ?? '', ...(displayName === undefined ? {} : { displayName }) }
    }),
  }
}
