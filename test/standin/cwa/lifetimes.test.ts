import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { calleesDialog, callersDialog, keyOfRequest, within } from '../../../infra/standin/lcs/sip/dialogs.ts'
import { header } from '../../../infra/standin/lcs/sip/sip.ts'
import { contactOf, invite as sipInvite, register, testPeer } from '../lcs/peer.ts'
import type { TestPeer } from '../lcs/peer.ts'
import { ANN, BOB, company, invite, story } from './company.ts'
import type { Company } from './company.ts'
import type { Visitor } from './visitor.ts'

const HOURS = 3_600_000
const FOREVER = { sessionTimeoutMs: 100 * HOURS, ticketIdleMs: 100 * HOURS, ticketRotateMs: 100 * HOURS }

let office: Company
let bob: Visitor

/** Everything that was sent to the LCS before has been answered. */
async function settled(who: Visitor): Promise<void> {
  await who.post({ method: 'queryPresence', rid: 'q', uris: ['sip:zoe@contoso.test'] })
  await who.until('userPresence', ({ users }) => users[0]?.uri === 'sip:zoe@contoso.test')
}

beforeEach(async () => {
  office = await company(FOREVER)
  bob = await office.enter('bob')
})
afterEach(() => office.stop())

describe('a session that lasts', () => {
  it('is registered and subscribed anew before either ends', async () => {
    const ann = await office.enter('ann')
    await bob.post({ method: 'subscribePresence', rid: 's', uris: [ANN] })
    await bob.until('userPresence')
    for (let halfHours = 0; halfHours < 6; halfHours += 1) {
      office.clock.advance(HOURS / 2)
      await settled(bob)
    }
    const value = { type: 'note', text: 'still here' } as const
    await ann.post({ method: 'publishSelfPresence', rid: 'p', categories: [{ name: 'note', value }] })
    await bob.until(
      'userPresence',
      ({ users }) => users[0]?.categories.some((each) => each.value?.type === 'note') ?? false,
    )
    await ann.post(invite(BOB))

    expect(await bob.until('imSessionReceived')).toMatchObject({ inviter: { uri: ANN } })
  })
})

describe('the other side of a conversation', () => {
  let ann: TestPeer
  beforeEach(async () => {
    ann = await testPeer(office.lcs.peer('another'), office.clock)
    await ann.ask(register('ann'))
  })

  it('that never acknowledges has not begun one', async () => {
    const request = sipInvite('ann', BOB)
    const answer = ann.ask(request)
    const { confId } = await bob.until('imSessionReceived')
    await bob.post({ method: 'acceptImSession', rid: 'a', confId })
    expect((await answer).status).toBe(200)
    office.clock.advance(31_999)
    await settled(bob)
    expect(story(bob.seen)).toEqual(['imSessionReceived', 'incoming'])
    office.clock.advance(1)
    await bob.until('imSessionState', ({ state }) => state === 'terminated')

    const bye = await ann.next()
    expect(bye.request.method).toBe('BYE')
    expect(keyOfRequest(bye.request)).toContain(header(request, 'Call-ID'))
  })

  it('that never answers is reported as a timeout of the LCS', async () => {
    await bob.post(invite(ANN))
    await ann.next()
    office.clock.advance(32_000)
    expect(await bob.until('requestFailed')).toMatchObject({ rid: 'i', error: { code: 18_203 } })

    await bob.until('imSessionState', ({ state }) => state === 'terminated')
  })

  it('that falls silent has not got the message, and the conversation is over', async () => {
    await bob.post(invite(ANN))
    const incoming = await ann.next()
    incoming.respond(200, 'OK', {
      headers: [
        ['Record-Route', header(incoming.request, 'Record-Route') ?? ''],
        ['Contact', `<${contactOf('ann')}>`],
      ],
    })
    await bob.until('imSessionState', ({ state }) => state === 'connected')
    await ann.next()
    await bob.post({ method: 'sendMessage', rid: 'm', confId: 1, message: { content: 'hello?' } })
    expect((await ann.next()).request.method).toBe('MESSAGE')
    office.clock.advance(32_000)
    expect(await bob.until('messageSendFailed')).toMatchObject({ rid: 'm', messageId: '1' })

    await bob.until('imSessionState', ({ state }) => state === 'terminated')
    expect(calleesDialog(incoming.request, incoming.localTo).remote).toContain('sip:bob')
  })

  it('is understood when it asks for the impossible', async () => {
    const request = sipInvite('ann', BOB)
    const answer = ann.ask(request)
    const { confId } = await bob.until('imSessionReceived')
    await bob.post({ method: 'acceptImSession', rid: 'a', confId })
    const dialog = callersDialog(request, await answer)
    ann.link.send(within(dialog, 'ACK'))
    await bob.until('imSessionState', ({ state }) => state === 'connected')
    const status = async (
      method: string,
      type: string,
      body: string,
      more: readonly (readonly [string, string])[] = [],
    ) => (await ann.ask(within(dialog, method, { headers: [['Content-Type', type], ...more], body }))).status

    expect(await status('MESSAGE', 'text/html', '<b>hi</b>')).toBe(415)
    expect(await status('INFO', 'application/xml', '<KeyboardActivity/>')).toBe(415)
    expect(await status('REFER', 'text/plain', '', [['Refer-To', '<sip:cat@contoso.test>']])).toBe(603)
    expect(await status('REFER', 'text/plain', '', [['Refer-To', '<sip:cat@contoso.test?a=%zz>']])).toBe(400)
    expect(await status('NOTIFY', 'message/sipfrag', 'SIP/2.0 200 OK', [['Event', 'refer;id=77']])).toBe(481)
  })
})
