import { afterEach, describe, expect, it } from 'vitest'
import { jsonCodec } from '../../../shared/cwa/json/json.ts'
import { xmlCodec } from '../../../shared/cwa/xml/xml.ts'
import { BOB, company } from './company.ts'
import type { Company } from './company.ts'
import { ask, logOn } from './visitor.ts'

const group = (name: string) => ({ method: 'addGroup', rid: name, name }) as const
const THROTTLED = [{ answer: 'error', error: { code: 18_101 } }]
const BEGIN = { methods: [{ method: 'initiateSession', rid: '1' }] } as const

let office: Company
afterEach(() => office.stop())

describe('a session that posts too often', () => {
  it.each([jsonCodec, xmlCodec])(
    'is throttled, and nothing is done, until a second has passed, in $name',
    async (codec) => {
      office = await company({ requestsPerSecond: 2 }, codec)
      const [ann, bob] = [await office.enter('ann'), await office.enter('bob')]
      await ann.post(group('A'))
      office.clock.advance(500)
      await ann.post(group('B'))
      expect(await ann.post(group('C'))).toMatchObject(THROTTLED)
      expect(await bob.post(group('A'))).toMatchObject([{ answer: 'requestAccepted' }])
      office.clock.advance(499)
      expect(await ann.post(group('C'))).toMatchObject(THROTTLED)
      office.clock.advance(1)
      expect(await ann.post(group('C'))).toMatchObject([{ answer: 'requestAccepted' }])

      const names = async () => (await ann.until('contactGroup', ({ fullList }) => !fullList)).groups[0]?.name
      expect([await names(), await names(), await names()]).toEqual(['A', 'B', 'C'])
    },
  )
})

describe('the queue', () => {
  it('takes requests up to its limit, held GETs among them, and answers the next one 503', async () => {
    office = await company({ queueLimit: 1 })
    const bob = await office.enter('bob')
    await bob.until('subscribers')
    const held = bob.get(5)
    await office.cwa.control.untilListening(BOB)
    expect(await logOn(office.cwa, xmlCodec, 'CONTOSO\\ann', 'pw')).toMatchObject({ status: 503, ticket: undefined })
    expect(office.cwa.control.requests().at(-1)).toMatchObject({ path: '/forms/logon.html', status: 503 })
    office.cwa.control.queueEvents(BOB, [{ event: 'requestSucceeded', rid: 'r' }])
    expect((await held).ackId).toBe(6)

    expect((await logOn(office.cwa, xmlCodec, 'CONTOSO\\ann', 'pw')).status).toBe(200)
  })
})

describe('the number of sessions', () => {
  it('has a limit, past which a session is not initiated, until one has ended', async () => {
    office = await company({ persistentConnections: 1 })
    const bob = await office.enter('bob')
    const { ticket } = await logOn(office.cwa, xmlCodec, 'CONTOSO\\ann', 'pw')
    const begin = () => ask(office.cwa, '/cwa/MainCommandHandler.ashx', ticket, xmlCodec.printRequests(BEGIN))
    expect((await begin()).status).toBe(503)
    await bob.post({ method: 'terminateSession', rid: 't' })

    expect((await begin()).status).toBe(200)
  })
})
