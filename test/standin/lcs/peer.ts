import { once } from 'node:events'
import { connect } from 'node:tls'
import type { Clock } from '../../../shared/clock.ts'
import { CATEGORIES_TYPE } from '../../../infra/standin/lcs/presence/categories.ts'
import { sipLink } from '../../../infra/standin/lcs/sip/link.ts'
import type { Incoming } from '../../../infra/standin/lcs/incoming.ts'
import type { SipLink } from '../../../infra/standin/lcs/sip/transactions.ts'
import type { LcsPeer } from '../../../infra/standin/lcs/server.ts'
import type { SipHeaders, SipRequest, SipResponse } from '../../../infra/standin/lcs/sip/sip.ts'

/** A trusted server as a test plays it: it sends what the test says and hands out what arrives, in order. */
export interface TestPeer {
  readonly link: SipLink
  readonly ask: (request: SipRequest) => Promise<SipResponse>
  /** The next request that comes in. */
  readonly next: () => Promise<Incoming>
  readonly closed: Promise<void>
}

export async function testPeer(to: LcsPeer, clock: Clock): Promise<TestPeer> {
  const socket = connect({ ...to, servername: 'lcs.local' })
  await once(socket, 'secureConnect')
  const arrived: Incoming[] = []
  const wanted: ((incoming: Incoming) => void)[] = []
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  const link = sipLink({
    socket,
    clock,
    sentBy: 'peer.test:5061',
    onRequest(incoming) {
      const want = wanted.shift()
      if (want === undefined) arrived.push(incoming)
      else want(incoming)
    },
    onClose: resolve,
  })
  return {
    link,
    closed,
    ask: (request) => link.request(request).response,
    next() {
      const incoming = arrived.shift()
      return incoming === undefined ? new Promise((done) => wanted.push(done)) : Promise.resolve(incoming)
    },
  }
}

export const contactOf = (name: string): string => `sip:${name}@peer.test;transport=tls;opaque=${name}-1`

/** A request outside of any dialog, from `sip:name@contoso.test`. */
export function requestOf(
  name: string,
  method: string,
  to: string,
  { headers = [], body = '' }: { headers?: SipHeaders; body?: string } = {},
): SipRequest {
  return {
    method,
    uri: to,
    headers: [
      ['Max-Forwards', '70'],
      ['From', `<sip:${name}@contoso.test>;tag=${name}-tag;epid=${name}-1`],
      ['To', `<${to}>`],
      ['Call-ID', `${name}-${method}-${to}`],
      ['CSeq', `1 ${method}`],
      ...headers,
    ],
    body,
  }
}

export const register = (name: string, expires = 3600): SipRequest =>
  requestOf(name, 'REGISTER', `sip:${name}@contoso.test`, {
    headers: [
      ['Contact', `<${contactOf(name)}>`],
      ['Expires', String(expires)],
    ],
  })

export const subscribe = (name: string, to: string, expires = 3600): SipRequest =>
  requestOf(name, 'SUBSCRIBE', to, {
    headers: [
      ['Contact', `<${contactOf(name)}>`],
      ['Event', 'presence'],
      ['Accept', CATEGORIES_TYPE],
      ['Expires', String(expires)],
    ],
  })

export const publish = (name: string, body: string): SipRequest =>
  requestOf(name, 'PUBLISH', `sip:${name}@contoso.test`, {
    headers: [
      ['Event', 'presence'],
      ['Content-Type', CATEGORIES_TYPE],
    ],
    body,
  })

export const invite = (name: string, to: string): SipRequest =>
  requestOf(name, 'INVITE', to, { headers: [['Contact', `<${contactOf(name)}>`]] })
