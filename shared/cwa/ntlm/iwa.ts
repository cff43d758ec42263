import type { CookieJar } from '../channels/cookies.ts'
import { tlsServerEndPoint } from './channel-bindings.ts'
import { NtlmFault } from './ntlm-messages.ts'
import { authenticate, negotiate } from './ntlm.ts'
import { report } from '../sign-in-answer.ts'
import { ConnectionLost, type Sockets } from '../../upstream/http/sockets.ts'
import type { HttpAnswer, HttpRequest, Transport } from '../../upstream/http/transport.ts'
import type { Clock } from '../../clock.ts'

export interface IwaParts {
  readonly transport: Transport
  readonly deadlineMs: number
  readonly clock: Clock
  /** Of this sign-in: a load balancer may tell by a cookie which server has begun it. */
  readonly jar: CookieJar
  /** What is known of the server, for as long as the client lives: it is asked which scheme it offers once. */
  readonly offer: Offer
}

/** The scheme under which the server took NTLM last; undefined where that is to be asked. */
export interface Offer {
  scheme: 'NTLM' | 'Negotiate' | undefined
}

const PATH = '/iwa/logon.html'

/**
 * The NTLM handshake of Integrated Windows Authentication, in three requests on one connection of its own: that
 * connection *is* the user from then on, so it is closed at the end and never shared.
 *
 *     POST (empty)                    ─→ 401 NTLM, Negotiate          only where the scheme is not known yet
 *     POST (empty) Authorization: T1  ─→ 401 NTLM <T2>
 *     POST body    Authorization: T3  ─→ the answer
 *
 * @param body the sign-in request; it has no credentials
 * @returns the answer to the last request; or, in words, why the handshake ended before it
 * @throws CwaFault when the server cannot be asked
 */
export async function iwaHandshake(
  parts: IwaParts,
  user: string,
  password: string,
  body: string,
): Promise<HttpAnswer | string> {
  const sockets = parts.transport.ownSockets()
  try {
    const post = poster(parts, sockets)
    const known = parts.offer.scheme
    parts.offer.scheme = undefined
    const challenged = (known && (await challengedBy(known, post))) ?? (await challengedAnew(post))
    if (typeof challenged === 'string') return challenged
    const { scheme, token, answer, negotiateMessage } = challenged
    parts.offer.scheme = scheme
    const authenticateMessage = authenticate({
      challenge: Buffer.from(token, 'base64'),
      negotiateMessage,
      ...account(user),
      password,
      channelBindings: answer.certificate && tlsServerEndPoint(answer.certificate),
      now: parts.clock.now(),
    })
    const authorization = `${scheme} ${authenticateMessage.toString('base64')}`
    const last = await post(authorization, { body, over: answer.connection })
    return last.status === 401 ? 'the server does not accept the user name or password' : last
  } catch (thrown) {
    if (thrown instanceof NtlmFault || thrown instanceof ConnectionLost) return thrown.message
    throw thrown
  } finally {
    sockets.close()
  }
}

/** Asks which scheme the server offers first. @returns in words why it came to nothing */
async function challengedAnew(post: ReturnType<typeof poster>) {
  const scheme = schemeIn(await post())
  if (scheme.unfit !== undefined) return scheme.unfit
  return (await challengedBy(scheme.name, post)) ?? `the server offers ${scheme.name}, but does not take NTLM`
}

/** The server's challenge to the first message; undefined where it answers with none: it may offer something else by now. */
async function challengedBy(scheme: 'NTLM' | 'Negotiate', post: ReturnType<typeof poster>) {
  const negotiateMessage = negotiate()
  const answer = await post(`${scheme} ${negotiateMessage.toString('base64')}`)
  const token = offersIn(answer).get(scheme.toLowerCase())
  return answer.status === 401 && token ? { scheme, token, answer, negotiateMessage } : undefined
}

/** `DOMAIN\user` in its two parts. A `user@domain` name is a user of no domain: the server finds it. */
export function account(name: string): { readonly user: string; readonly domain: string } {
  const at = name.indexOf('\\')
  return at === -1 ? { user: name, domain: '' } : { user: name.slice(at + 1), domain: name.slice(0, at) }
}

function poster({ transport, deadlineMs, clock, jar }: IwaParts, sockets: Sockets) {
  return async (authorization?: string, more?: Pick<HttpRequest, 'body' | 'over'>): Promise<HttpAnswer> => {
    const headers = { ...(authorization !== undefined && { Authorization: authorization }), ...jar.header(PATH) }
    const answer = await transport.request({ method: 'POST', path: PATH, headers, deadlineMs, sockets, ...more })
    jar.take(answer.cookies, PATH)
    report(answer, 'Integrated Windows Authentication', clock.now())
    return answer
  }
}

type Scheme = { readonly name: 'NTLM' | 'Negotiate'; readonly unfit?: undefined } | { readonly unfit: string }

/** NTLM where it is offered; otherwise Negotiate, which takes NTLM messages as they are. */
function schemeIn(answer: HttpAnswer): Scheme {
  if (answer.status >= 200 && answer.status < 300) return { unfit: 'the server asks for no credentials there' }
  if (answer.status !== 401) return { unfit: `the server answers HTTP ${answer.status}` }
  const offers = offersIn(answer)
  if (offers.has('ntlm')) return { name: 'NTLM' }
  return offers.has('negotiate') ? { name: 'Negotiate' } : { unfit: 'the server offers none' }
}

/**
 * The offered schemes of `WWW-Authenticate`, in lower case, with their token if there is one.
 * They come as several header lines or as one list, in any case; parameters of others (realm="…") are passed over.
 */
export function offersIn(answer: Pick<HttpAnswer, 'headers'>): ReadonlyMap<string, string> {
  const list = (answer.headers['www-authenticate'] ?? '').replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
  const offers = list.matchAll(/(?:^|,)\s*(ntlm|negotiate)(?:[ \t]+([a-z0-9+/]+=*))?\s*(?=,|$)/gi)
  return new Map([...offers].map(([, name = '', token = '']) => [name.toLowerCase(), token]))
}
