import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { challenge, verify, type Verdict } from '../../../../shared/cwa/ntlm/ntlm.ts'
import { NtlmFault } from '../../../../shared/cwa/ntlm/ntlm-messages.ts'
import type { Clock } from '../../../../shared/clock.ts'
import { firstSignature } from '../ntlm-signature.ts'
import { parseSpnego, printSpnego } from './spnego.ts'
import type { Account, Directory } from '../users.ts'

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

/** What the client's mechListMIC must be about: the list that it began with. */
type Mechanisms = WeakMap<Socket, Buffer>

const OFFERS = ['Negotiate', 'NTLM']

/**
 * NTLM over HTTP as IIS does it (MS-NTHT, and MS-NLMP for the messages): the TCP connection is what is authenticated. A challenge
 * is good for one answer on the connection it was given on; a connection that was authenticated stays so.
 */
export function integratedWindowsAuthentication({ clock, directory, channelBindings }: IwaOptions) {
  const handshakes = new WeakMap<Socket, Handshake>()
  const accounts = new WeakMap<Socket, Account>()
  const mechanisms: Mechanisms = new WeakMap()

  function finish(socket: Socket, { message, isWrapped, mechListMic }: Token, handshake: Handshake): IwaVerdict {
    const verdict = verify({
      ...handshake,
      authenticateMessage: message,
      ntHashOf: directory.ntHashOf,
      now: clock.now(),
      ...(channelBindings !== undefined && socket instanceof TLSSocket ? { channelBindings } : {}),
    })
    const account = verdict.accepted ? directory.find(verdict) : undefined
    if (account === undefined || !verdict.accepted) return { offers: OFFERS }
    const mics = mechListMic && mechListMics(verdict, mechanisms.get(socket))
    if (mics && !mics.clients.equals(mechListMic)) return { offers: OFFERS }
    accounts.set(socket, account)
    if (!isWrapped) return { account }
    return { account, proof: negotiated(printSpnego('accept-completed', { mechListMic: mics?.servers })) }
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
    if (typeof given === 'object' && given.mechanisms) mechanisms.set(socket, given.mechanisms)
    // Another mechanism was tried first: NTLM is the one to go on with.
    if (given?.message === undefined) return { offers: given ? [negotiated(printSpnego('request-mic'))] : OFFERS }
    const { message } = given
    if (handshake !== undefined) return finish(socket, { ...given, message }, handshake)
    try {
      const challengeMessage = challenge({
        negotiateMessage: message,
        netbiosDomain: 'CONTOSO',
        netbiosComputer: 'CWA',
        now: clock.now(),
      })
      handshakes.set(socket, { negotiateMessage: message, challengeMessage })
      if (given.isWrapped)
        return { offers: [negotiated(printSpnego('accept-incomplete', { token: challengeMessage }))] }
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
  readonly mechListMic?: Buffer | undefined
}

/** What came: without a `message`, the token of another mechanism. */
type Given = Omit<Token, 'message'> & { readonly message: Buffer | undefined; readonly mechanisms?: Buffer | undefined }

/** RFC 4178 clause 5: each side signs the list of mechanisms, as the first message it signs. */
function mechListMics({ sessionKey, flags }: Extract<Verdict, { accepted: true }>, list: Buffer = Buffer.alloc(0)) {
  const clients = firstSignature(sessionKey, 'client-to-server', list, flags)
  const servers = firstSignature(sessionKey, 'server-to-client', list, flags)
  return clients && servers && { clients, servers }
}

const negotiated = (token: Buffer): string => `Negotiate ${token.toString('base64')}`

/** Raw NTLM messages go with either scheme; SPNEGO is Negotiate's own. */
function unwrapped(scheme: string, bytes: Buffer): Given | undefined {
  if (scheme.toLowerCase() === 'ntlm' || isNtlm(bytes)) return { message: bytes, isWrapped: false }
  const wrapped = parseSpnego(bytes)
  if (wrapped === undefined || !wrapped.offersNtlm) return undefined
  const { kind, token, mechanisms, mechListMic } = wrapped
  if (token !== undefined && isNtlm(token)) return { message: token, isWrapped: true, mechanisms, mechListMic }
  return kind === 'init' ? { message: undefined, isWrapped: true, mechanisms } : undefined
}

const NTLMSSP = Buffer.from('NTLMSSP\0', 'latin1')
const isNtlm = (token: Buffer): boolean => token.subarray(0, 8).equals(NTLMSSP)

/** The `signInData` of an account: base64 of what a real server reads from Active Directory (bb969567). */
export function signInData({ displayName }: Account): string {
  const escaped = displayName.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const xml = `<signInData><workPhone/><homePhone/><mobilePhone/><otherPhone/><office/><displayName>${escaped}</displayName></signInData>`
  return Buffer.from(xml, 'utf8').toString('base64')
}
