import * as fc from 'fast-check'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jsonCodec } from '../../../shared/cwa/json/json.ts'
import { xmlCodec } from '../../../shared/cwa/xml/xml.ts'
import { requests } from '../../cwa/arbitrary.ts'
import { ANN, BOB, company } from './company.ts'
import type { Company } from './company.ts'
import type { Visitor } from './visitor.ts'

/** More with `FUZZ_RUNS=100000`. */
const RUNS = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 200) }
const TIMEOUT_MS = 60_000 + RUNS.numRuns * 50

const CWA_PATHS = ['/iwa/logon.html', '/forms/logon.html', '/cwa/MainCommandHandler.ashx', '/CWA/asyncdatachannel.ashx']
const ODD_PATHS = ['/', '//', '/%', '/\u0000', '*', 'http://[']

/** Something well-formed mostly, for what is refused at the door shows nothing of the rooms behind it. */
const mostly = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 5, arbitrary: usual }, { weight: 1, arbitrary: odd })

const token = fc.constantFrom('Sid', 'AckID', 'UA', 'sid', '__proto__', '', 'a%', '%00')
const scrap = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('0', '-1', '99999999999', 'true', '1e9', '%zz', '<', '{"cwaRequests":', 'NTLM ', 'Negotiate YIIB'),
)
const query = fc
  .array(fc.tuple(token, scrap), { maxLength: 4 })
  .map((pairs) => pairs.map(([name, value]) => `${name}=${encodeURI(value.toWellFormed())}`).join('&'))
const anyQuery = fc.oneof(
  query,
  fc.nat({ max: 9 }).map((ackId) => `Sid=MINE&AckID=${ackId}&UA=true`),
)

/** A header as somebody hostile writes one: printable, or with anything at all in it. */
const headerLine = fc
  .tuple(
    mostly(
      fc.constantFrom('Authorization', 'Cookie', 'Content-Type', 'Accept', 'X-Forwarded-For'),
      fc.constantFrom('CWA-Ticket', 'Transfer-Encoding', 'Expect', 'Upgrade', 'Content-Length', ''),
    ),
    mostly(
      fc.oneof(
        fc.string({ maxLength: 40 }),
        fc
          .tuple(fc.constantFrom('NTLM', 'Negotiate', 'Basic'), fc.base64String({ maxLength: 200 }))
          .map((it) => it.join(' ')),
      ),
      fc.oneof(scrap, fc.constant('chunked')),
    ),
  )
  .map(([name, value]) => `${name}: ${value}`)

const bodyOf = (print: typeof jsonCodec.printRequests) =>
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.tuple(requests, fc.nat(), fc.nat({ max: 20 }), scrap).map(([value, at, cut, noise]) => {
      const text = print(value)
      const start = at % text.length
      return text.slice(0, start) + noise + text.slice(start + cut)
    }),
    requests.map(print),
  )

interface Attack {
  readonly verb: string
  readonly path: string
  readonly query: string
  readonly headers: readonly string[]
  readonly body: string
  /** How far the length that is said is off. */
  readonly off: number
  readonly hasTicket: boolean
}

const attack = (print: typeof jsonCodec.printRequests): fc.Arbitrary<Attack> =>
  fc.record({
    verb: mostly(fc.constantFrom('GET', 'POST', 'POST', 'POST'), fc.constantFrom('PUT', 'HEAD', 'OPTIONS', 'BREW')),
    path: mostly(fc.constantFrom(...CWA_PATHS), fc.constantFrom(...ODD_PATHS)),
    query: anyQuery,
    headers: fc.array(headerLine, { maxLength: 2 }),
    body: bodyOf(print),
    off: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -20, max: 20 }) },
    ),
    hasTicket: fc.boolean(),
  })

function bytesOf({ verb, path, query, headers, body, off, hasTicket }: Attack, { ticket, sid }: Visitor): Buffer {
  const length = Math.max(0, Buffer.byteLength(body) + off)
  const given = hasTicket ? [`CWA-Ticket: ${ticket}`] : []
  const lines = [
    `${verb} ${path}?${query.replace('MINE', sid)} HTTP/1.1`,
    'Host: cwa',
    ...given,
    ...headers,
    `Content-Length: ${length}`,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'utf8')
}

/** Everything the server says to some bytes, until it, or the end that was sent, closes the connection. */
async function answersTo(url: string, bytes: Buffer): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  // The end of what is sent truncates whatever request is not whole; what is held is given up.
  socket.end(bytes)
  socket.once('end', () => socket.destroy())
  await closed
  return Buffer.concat(chunks).toString('utf8')
}

describe.each([jsonCodec, xmlCodec])('the HTTP face, in $name,', (codec) => {
  let office: Company
  let ann: Visitor
  let bob: Visitor
  let rid = 0

  beforeAll(async () => {
    office = await company({ holdMs: 0, pollWaitMs: 0 }, codec)
    ann = await office.enter('ann')
    bob = await office.enter('bob')
    await bob.until('subscribers')
  })
  afterAll(() => office.stop())

  it(
    'answers whatever comes, alone, in a row or cut off, without a word of its insides, and others notice nothing',
    async () => {
      const hostile = fc.tuple(
        fc.array(attack(codec.printRequests), { minLength: 1, maxLength: 3 }),
        fc.nat({ max: 60 }),
      )
      await fc.assert(
        fc.asyncProperty(hostile, async ([attacks, missing]) => {
          const whole = Buffer.concat(attacks.map((each) => bytesOf(each, ann)))
          const bytes = missing > 30 ? whole.subarray(0, whole.length - missing) : whole
          const text = await answersTo(office.cwa.url(), bytes)
          const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status))
          expect(statuses.filter((status) => status >= 500)).toEqual([])
          expect(text).not.toMatch(/\.ts:|node:internal|Error:|"code":18400|code="18400"/)

          rid += 1
          office.cwa.control.queueEvents(BOB, [{ event: 'requestSucceeded', rid: String(rid) }])
          expect((await bob.until('requestSucceeded')).rid).toBe(String(rid))
        }),
        RUNS,
      )
      expect(bob.seen.filter(({ event }) => event === 'requestFailed')).toEqual([])
      expect(office.cwa.control.sessions().some(({ uri }) => uri === BOB)).toBe(true)
      expect(ann.uri).toBe(ANN)
    },
    TIMEOUT_MS,
  )

  it(
    'performs whatever can be posted in a session, and the session of somebody else lives on',
    async () => {
      await fc.assert(
        fc.asyncProperty(requests, async ({ methods }) => {
          const mine = methods.filter(({ method }) => method !== 'terminateSession' && method !== 'initiateSession')
          const answers = await ann.post(...mine)
          expect(answers.filter((each) => each.answer === 'error' && each.error.code === 18_400)).toEqual([])
          expect(answers.length).toBeGreaterThanOrEqual(Math.min(1, mine.length))

          rid += 1
          office.cwa.control.queueEvents(BOB, [{ event: 'requestSucceeded', rid: String(rid) }])
          expect((await bob.until('requestSucceeded')).rid).toBe(String(rid))
        }),
        RUNS,
      )
    },
    TIMEOUT_MS,
  )
})
