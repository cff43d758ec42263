import { SipError } from '../sip/sip.ts'
import { escaped, node, nodes, readBody, string, textOf } from '../sip/xml-body.ts'

/** Who is in a conference: the document of the conference event package (RFC 4575), always whole. */
export const CONFERENCE_TYPE = 'application/conference-info+xml'

export type ConferenceRole = 'presenter' | 'attendee'

export interface ConferenceUser {
  /** SIP URI. */
  readonly uri: string
  readonly role: ConferenceRole
  readonly displayName?: string
}

export function printConferenceInfo(entity: string, version: number, users: readonly ConferenceUser[]): string {
  const each = users.map(({ uri, role, displayName }) => {
    const name = displayName === undefined ? '' : `<display-text>${escaped(displayName)}</display-text>`
    return `<user entity="${escaped(uri)}" state="full">${name}<roles><entry>${role}</entry></roles></user>`
  })
  const ns = 'urn:ietf:params:xml:ns:conference-info'
  const root = `xmlns="${ns}" entity="${escaped(entity)}" state="full" version="${version}"`
  return `<conference-info ${root}><users>${each.join('')}</users></conference-info>`
}

/** @throws SipError 400 */
export function parseConferenceInfo(text: string): readonly ConferenceUser[] {
  const root = node(readBody(text)['conference-info'])
  if (root === undefined) throw new SipError(400, 'the body is no conference-info')
  return nodes(node(root['users'])?.['user']).map((user) => {
    const uri = string(user['@entity'])
    if (uri === undefined) throw new SipError(400, 'a user of a conference has an entity')
    const displayName = textOf(user['display-text'])
    const role = textOf(node(user['roles'])?.['entry']) === 'presenter' ? 'presenter' : 'attendee'
    return { uri, role, ...(displayName === undefined ? {} : { displayName }) }
  })
}

/** A change of somebody's role, as MS-CONFBAS asks a focus for it: an INFO with a C3P request. */
export const C3P_TYPE = 'application/cccp+xml'

export const printRoleChange = (entity: string, user: string, role: ConferenceRole): string =>
  `<request xmlns="urn:ietf:params:xml:ns:cccp" to="${escaped(entity)}"><modifyUserRoles>` +
  `<userKeys confEntity="${escaped(entity)}" userEntity="${escaped(user)}"/>` +
  `<user-roles><entry>${role}</entry></user-roles></modifyUserRoles></request>`

/** @throws SipError 400 */
export function parseRoleChange(text: string): ConferenceUser {
  const change = node(node(readBody(text)['request'])?.['modifyUserRoles'])
  const uri = string(node(change?.['userKeys'])?.['@userEntity'])
  const role = textOf(node(change?.['user-roles'])?.['entry'])
  if (uri === undefined || (role !== 'presenter' && role !== 'attendee')) {
    throw new SipError(400, 'modifyUserRoles names a user and presenter or attendee')
  }
  return { uri, role }
}
