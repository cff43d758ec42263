import { isIP } from 'node:net'
import { faultOfNetwork } from '../../../shared/upstream/http/network-faults.ts'
import { transport } from '../../../shared/upstream/http/transport.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Upstream } from '../target/target.ts'
import { ok, warning, wrong, type Check, type Finding } from './check.ts'
import { clockSkew } from './clock-skew.ts'
import { addressesOf, handshake, placeOf, reach, type Shown } from './network.ts'

const ELSEWHERE = 'if only the functions have a way to it (a VPC), say --skip-upstream'
/** A certificate that ends sooner gets a warning, in milliseconds. */
const SOON_MS = 30 * 24 * 60 * 60_000

/** The way to the web IM server, step by step: the first that fails ends it. */
export const upstreamCheck: Check = {
  looksAt: 'the way to the server upstream',
  async findings({ target, clock }) {
    const { upstream } = target
    if (upstream === undefined) {
      return [
        wrong(
          'upstream',
          `${target.words} does not say where the server upstream is`,
          'deploy it anew: it lacks the outputs UpstreamUrl and CwaCodec',
        ),
      ]
    }
    const found: Finding[] = []
    for (const step of [name, connection, certificate, answer]) {
      found.push(...(await step(upstream, clock)))
      if (found.some(({ state }) => state === 'wrong')) break
    }
    return found
  },
}

async function name({ url }: Upstream): Promise<Finding[]> {
  const { host } = placeOf(url)
  if (isIP(host) !== 0) return []
  try {
    return [ok('upstream name', `${host} is ${(await addressesOf(host)).join(', ')}`)]
  } catch (thrown) {
    return [
      wrong('upstream name', wordsOf(thrown, host), `check collaboration:upstreamUrl, and the DNS here; ${ELSEWHERE}`),
    ]
  }
}

async function connection({ url }: Upstream, clock: Clock): Promise<Finding[]> {
  const { host, port } = placeOf(url)
  try {
    await reach({ host, port }, clock)
    return [ok('upstream connection', `${host} takes connections on port ${port}`)]
  } catch (thrown) {
    const todo = `check the port, and firewalls on the way; ${ELSEWHERE}`
    return [wrong('upstream connection', wordsOf(thrown, `${host}:${port}`), todo)]
  }
}

async function certificate({ url, ca, legacyTls }: Upstream, clock: Clock): Promise<Finding[]> {
  const { host, port, secure } = placeOf(url)
  if (!secure) return plain(host)
  try {
    return [judged(await handshake({ host, port }, { ca, legacyTls }, clock), host, clock.now())]
  } catch (thrown) {
    return [wrong('upstream certificate', wordsOf(thrown, host), 'check that this port speaks TLS 1.2 or 1.3')]
  }
}

function plain(host: string): Finding[] {
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return []
  return [
    warning(
      'upstream certificate',
      'there is none: the way to it is plain HTTP',
      'give the server a certificate, and an https:// URL',
    ),
  ]
}

function judged({ untrusted, names, issuer, from, until, protocol }: Shown, host: string, now: number): Finding {
  const check = 'upstream certificate'
  const is = `for ${names}, by ${issuer}, from ${day(from)} to ${day(until)}`
  if (untrusted !== undefined) {
    return wrong(
      check,
      wordsOf({ code: untrusted }, host),
      `it is ${is}; a private CA is given with --ca, or collaboration:privateCa`,
    )
  }
  if (until - now < SOON_MS) return warning(check, `it ends on ${day(until)}`, 'renew it before')
  return ok(check, `trusted over ${protocol}, ${is}`)
}

async function answer({ url, ca, legacyTls }: Upstream, clock: Clock): Promise<Finding[]> {
  const http = transport({ url: new URL(url), ca, legacyTls, clock })
  try {
    const { status, headers } = await http.request({ method: 'GET', path: '/', deadlineMs: 10_000 })
    return [
      ok('upstream answer', `speaks HTTP (status ${status})`),
      clockSkew('the server upstream', headers.date, clock.now()),
    ]
  } catch (thrown) {
    const says = thrown instanceof Error ? thrown.message : String(thrown)
    return [
      wrong(
        'upstream answer',
        says,
        'check that collaboration:upstreamUrl leads to the server upstream, and not to something else',
      ),
    ]
  } finally {
    http.close()
  }
}

/** Words of the clients of the server upstream, so that logs and this say the same. */
function wordsOf(thrown: unknown, host: string): string {
  return faultOfNetwork(thrown, host, false).message
}

function day(at: number): string {
  return Number.isNaN(at) ? '?' : new Date(at).toISOString().slice(0, 10)
}
