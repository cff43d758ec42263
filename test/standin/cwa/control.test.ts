import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { standInCwa } from '../../../infra/standin/cwa/server.ts'
import type { StandInCwa } from '../../../infra/standin/cwa/server.ts'
import { lcs } from '../../../infra/standin/lcs/server.ts'
import type { Lcs } from '../../../infra/standin/lcs/server.ts'
import { jsonCodec } from '../../../shared/cwa/json/json.ts'
import { testClock } from '../../kit/clock.ts'
import { ask, logOn, visitor } from './visitor.ts'
import type { Visitor } from './visitor.ts'

const ANN = 'sip:ann@contoso.test'
const GROUP = { method: 'addGroup', rid: 'g', name: 'Friends' } as const

let server: Lcs
let cwa: StandInCwa
let ann: Visitor

beforeEach(async () => {
  const clock = testClock()
  server = lcs({ clock, users: [{ uri: ANN }] })
  await server.start()
  const users = [{ domain: 'CONTOSO', user: 'ann', password: 's3cret' }]
  cwa = standInCwa({ users, clock, lcs: server.peer('cwa'), codec: jsonCodec })
  await cwa.start()
  ann = await visitor(cwa, jsonCodec, 'ann', { password: 's3cret' })
})
afterEach(async () => {
  await cwa.stop()
  await server.stop()
})

const dataPath = (ackId: number) => `/cwa/AsyncDataChannel.ashx?Sid=${ann.sid}&AckID=${ackId}&UA=true`

describe('control', () => {
  it('fails the next request that matches, once, and does nothing of it', async () => {
    cwa.control.failNext(({ verb }) => verb === 'GET', 503)
    expect(await ann.post(GROUP)).toEqual([{ answer: 'requestAccepted', rid: 'g' }])
    expect((await ask(cwa, dataPath(0), ann.ticket)).status).toBe(503)
    expect((await ask(cwa, dataPath(0), ann.ticket)).status).toBe(200)

    cwa.control.failNext(({ methods }) => methods.includes('addGroup'), { code: 18_101 })
    const again = { ...GROUP, name: 'Family' }
    expect(await ann.post(again)).toEqual([{ answer: 'error', error: { code: 18_101 } }])
    await ann.post(again)
    expect(await ann.until('contactGroup', ({ groups }) => groups[0]?.name === 'Family')).toMatchObject({ deltaNum: 3 })
  })

  it('cuts the connection before the work', async () => {
    cwa.control.cutNext('before')
    await expect(ann.post(GROUP)).rejects.toThrow('hang up')
    await ann.post(GROUP)

    await ann.until('requestSucceeded')
  })

  it('cuts the connection after the work', async () => {
    cwa.control.cutNext('after', ({ methods }) => methods.includes('addGroup'))
    await expect(ann.post(GROUP)).rejects.toThrow('hang up')
    await ann.post(GROUP)

    expect(await ann.until('requestFailed')).toMatchObject({ error: { sip: { code: 485 } } })
  })

  it('loses no event with the answer of a GET that is cut', async () => {
    cwa.control.cutNext('after', ({ verb }) => verb === 'GET')
    await expect(ann.get(0)).rejects.toThrow('hang up')

    expect((await ann.get(0)).events[0]?.eid).toBe(1)
  })

  it('holds requests until they are released', async () => {
    cwa.control.hold()
    const arrived = Promise.withResolvers<void>()
    cwa.control.failNext(() => {
      arrived.resolve()
      return false
    }, 503)
    const posted = ann.post(GROUP)
    await arrived.promise
    expect(cwa.control.requests().at(-1)).toMatchObject({ methods: ['addGroup'], status: undefined })
    await cwa.control.endSessions(ANN)
    cwa.control.release()

    expect(await posted).toMatchObject([{ answer: 'error', error: { code: 18_100 } }])
  })

  it('ends sessions and leaves tickets', async () => {
    await cwa.control.endSessions(ANN)

    expect(await ann.post(GROUP)).toMatchObject([{ answer: 'error', error: { code: 18_100 } }])
  })

  it('restarts with neither sessions nor tickets, and cuts what is held', async () => {
    const held = ann.get(5)
    await cwa.control.untilListening(ANN)
    cwa.control.restart()

    await expect(held).rejects.toThrow('hang up')
    expect((await ask(cwa, dataPath(5), ann.ticket)).status).toBe(401)
    expect(cwa.control.sessions()).toEqual([])
    expect((await logOn(cwa, jsonCodec, 'CONTOSO\\ann', 's3cret')).status).toBe(200)
  })

  it('lists the requests without anything secret', async () => {
    await ask(cwa, '/forms/logon.html', undefined, '{"password":"s3cret"}')
    await ann.get(0)

    expect(cwa.control.requests()).toEqual([
      { verb: 'POST', path: '/forms/logon.html', methods: ['logon'], status: 200 },
      { verb: 'POST', path: '/cwa/MainCommandHandler.ashx', methods: ['initiateSession'], status: 200 },
      { verb: 'POST', path: '/forms/logon.html', methods: [], status: 200 },
      { verb: 'GET', path: '/cwa/AsyncDataChannel.ashx', methods: [], sid: ann.sid, ackId: 0, status: 200 },
    ])
    expect(JSON.stringify(cwa.control.requests())).not.toMatch(/s3cret|\+|=/)
  })
})
