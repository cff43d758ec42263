import type { Socket } from 'node:net'
import { challenge, verify } from '../../../shared/cwa/ntlm.ts'
import { NtlmFault } from '../../../shared/cwa/ntlm-messages.ts'
import type { Clock } from '../clock.ts'
import type { Account, Directory } from './users.ts'

/** What Integrated Windows Authentication says to one request: whose it is, or what the 401 offers. */
export type IwaVerdict = { readonly account: Account } | { readonly offers: readonly string[] }

export interface IwaOptions {
  readonly clock: Clock
  readonly directory: Directory
  /** RFC 5929 token of this server's certificate. Bindings that a client sends are checked against it. */
  readonly channelBindings?: Buffer
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

  function finish(socket: Socket, authenticateMessage: Buffer, handshake: Handshake): IwaVerdict {
    const verdict = verify({
      ...handshake,
      authenticateMessage,
      ntHashOf: directory.ntHashOf,
      now: clock.now(),
      ...(channelBindings === undefined ? {} : { channelBindings }),
    })
    const account = verdict.accepted ? directory.find(verdict) : undefined
    if (account === undefined) return { offers: OFFERS }
    accounts.set(socket, account)
    return { account }
  }

  return (socket: Socket, authorization: string | undefined): IwaVerdict => {
    const already = accounts.get(socket)
    if (authorization === undefined && already !== undefined) return { account: already }
    const handshake = handshakes.get(socket)
    handshakes.delete(socket)
    accounts.delete(socket)

    const [, scheme, token] = /^(Negotiate|NTLM) +([A-Za-z0-9+/]+=*)$/i.exec(authorization ?? '') ?? []
    if (scheme === undefined || token === undefined) return { offers: OFFERS }
    const message = Buffer.from(token, 'base64')
    if (handshake !== undefined) return finish(socket, message, handshake)
    try {
      const challengeMessage = challenge({
        negotiateMessage: message,
        netbiosDomain: 'CONTOSO',
        netbiosComputer: 'CWA',
        now: clock.now(),
      })
      handshakes.set(socket, { negotiateMessage: message, challengeMessage })
      const spelled = scheme.toLowerCase() === 'ntlm' ? 'NTLM' : 'Negotiate'
      return { offers: [`${spelled} ${challengeMessage.toString('base64')}`] }
    } catch (thrown) {
      // SPNEGO, Kerberos, or noise: the offers again.
      if (thrown instanceof NtlmFault) return { offers: OFFERS }
      throw thrown
    }
  }
}

/** The `signInData` of an account: base64 of what a real server reads from Active Directory (bb969567). */
export function signInData({ displayName }: Account): string {
  const escaped = displayName.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const xml = `<signInData><workPhone/><homePhone/><mobilePhone/><otherPhone/><office/><displayName>${escaped}</displayName></signInData>`
  return Buffer.from(xml, 'utf8').toString('base64')
}
