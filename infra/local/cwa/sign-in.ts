import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { challenge, verify } from '../../../shared/cwa/ntlm.ts'
import { NtlmFault } from '../../../shared/cwa/ntlm-messages.ts'
import type { Clock } from '../../../shared/rules/clock.ts'
import { parseSpnego, printSpnego } from './spnego.ts'
import type { Account, Directory } from './users.ts'

/** What Integrated Windows Authentication says to one request: whose it is, or what the 401 offers. */
export type IwaVerdict =
  | {
      readonly account: Account
      /** The end of a SPNEGO negotiation, for the `WWW-Authenticate` of the answer. */
      readonly proof?: string
    }
  | { readonly offers: readonly string[] }

export interface IwaOptions {
  readonly clock: Clock
  readonly directory: Directory
  /** RFC 5929 token of this server's certificate. Bindings that a client sends over TLS are checked against it. */
  readonly channelBindings?: Buffer | undefined
}

interface Handshake {
  readonly negotiateMessage: Buffer
  readonly challengeMessage: Buffer
}

const OFFERS = ['Negotiate', 'NTLM']

/**
 * NTLM over HTTP as IIS does it (MS-NTHT, and MS-NLMP for the messages): the TCP connection is what is authenticated. A challenge
 * is good for one answer on the connection it was given on; a connection that was authenticated stays so.
 */
export function integratedWindowsAuthentication({ clock, directory, channelBindings }: IwaOptions) {
  const handshakes = new WeakMap<Socket, Handshake>()
  const accounts = new WeakMap<Socket, Account>()

  function finish(socket: Socket, { message, isWrapped }: Token, handshake: Handshake): IwaVerdict {
    const verdict = verify({
      ...handshake,
      authenticateMessage: message,
      ntHashOf: directory.ntHashOf,
      now: clock.now(),
      ...(channelBindings !== undefined && socket instanceof TLSSocket ? { channelBindings } : {}),
    })
    const account = verdict.accepted ? directory.find(verdict) : undefined
    if (account === undefined) return { offers: OFFERS }
    accounts.set(socket, account)
    return isWrapped ? { account, proof: negotiated(printSpnego('accept-completed')) } : { account }
  }

  return (socket: Socket, authorization: string | undefined): IwaVerdict => {
    const already = accounts.get(socket)
    if (authorization === undefined && already !== undefined) return { account: already }
    const handshake = handshakes.get(socket)
    handshakes.delete(socket)
    accounts.delete(socket)

    const [, scheme, token] = /^(Negotiate|NTLM) +([A-Za-z0-9+/]+=*)$/i.exec(authorization ?? '') ?? []
    if (scheme === undefined || token === undefined) return { offers: OFFERS }
    const given = unwrapped(scheme, Buffer.from(token, 'base64'))
    // Another mechanism was tried first: NTLM is the one to go on with.
    if (given === 'other mechanism') return { offers: [negotiated(printSpnego('request-mic'))] }
    if (given === undefined) return { offers: OFFERS }
    if (handshake !== undefined) return finish(socket, given, handshake)
    try {
      const challengeMessage = challenge({
        negotiateMessage: given.message,
        netbiosDomain: 'CONTOSO',
        netbiosComputer: 'CWA',
        now: clock.now(),
      })
      handshakes.set(socket, { negotiateMessage: given.message, challengeMessage })
      if (given.isWrapped) return { offers: [negotiated(printSpnego('accept-incomplete', challengeMessage))] }
      const spelled = scheme.toLowerCase() === 'ntlm' ? 'NTLM' : 'Negotiate'
      return { offers: [`${spelled} ${challengeMessage.toString('base64')}`] }
    } catch (thrown) {
      // Kerberos, or noise: the offers again.
      if (thrown instanceof NtlmFault) return { offers: OFFERS }
      throw thrown
    }
  }
}

/** An NTLM message, and whether it came inside of SPNEGO. */
interface Token {
  readonly message: Buffer
  readonly isWrapped: boolean
}

const negotiated = (token: Buffer): string => `Negotiate ${token.toString('base64')}`

/** Raw NTLM messages go with either scheme; SPNEGO is Negotiate's own. */
function unwrapped(scheme: string, bytes: Buffer): Token | 'other mechanism' | undefined {
  if (scheme.toLowerCase() === 'ntlm' || isNtlm(bytes)) return { message: bytes, isWrapped: false }
  const wrapped = parseSpnego(bytes)
  if (wrapped === undefined || !wrapped.offersNtlm) return undefined
  if (wrapped.token !== undefined && isNtlm(wrapped.token)) return { message: wrapped.token, isWrapped: true }
  return wrapped.kind === 'init' ? 'other mechanism' : undefined
}

const NTLMSSP = Buffer.from('NTLMSSP\0', 'latin1')
const isNtlm = (token: Buffer): boolean => token.subarray(0, 8).equals(NTLMSSP)

/** The `signInData` of an account: base64 of what a real server reads from Active Directory (bb969567). */
export function signInData({ displayName }: Account): string {
  const escaped = displayName.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const xml = `<signInData><workPhone/><homePhone/><mobilePhone/><otherPhone/><office/><displayName>${escaped}</displayName></signInData>`
  return Buffer.from(xml, 'utf8').toString('base64')
}
