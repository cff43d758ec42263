import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  CONFERENCE_TYPE,
  parseConferenceInfo,
  printRoleChange,
} from '../../../infra/standin/lcs/conferences/conference-info.ts'
import { callersDialog, within } from '../../../infra/standin/lcs/sip/dialogs.ts'
import type { Dialog } from '../../../infra/standin/lcs/sip/dialogs.ts'
import { parseFragment, parseReferTo, printReferTo } from '../../../infra/standin/lcs/conferences/refer.ts'
import { FACTORY, isFocusUri } from '../../../infra/standin/lcs/conferences/room.ts'
import { lcs } from '../../../infra/standin/lcs/server.ts'
import type { Lcs } from '../../../infra/standin/lcs/server.ts'
import { header, SipError } from '../../../infra/standin/lcs/sip/sip.ts'
import { testClock } from '../../kit/clock.ts'
import type { TestClock } from '../../kit/clock.ts'
import { contactOf, invite, register, requestOf, testPeer } from './peer.ts'
import type { TestPeer } from './peer.ts'

const ANN = 'sip:ann@contoso.test'
const BOB = 'sip:bob@contoso.test'

let clock: TestClock
let server: Lcs
let ann: TestPeer
let bob: TestPeer

beforeEach(async () => {
  clock = testClock()
  server = lcs({ clock, users: [{ uri: ANN, displayName: 'Ann' }, { uri: BOB }] })
  await server.start()
  ann = await testPeer(server.peer('cwa-1'), clock)
  bob = await testPeer(server.peer('cwa-2'), clock)
  await ann.ask(register('ann'))
  await bob.ask(register('bob'))
})
afterEach(() => server.stop())

async function enter(who: TestPeer, name: string, uri: string): Promise<Dialog> {
  const request = invite(name, uri)
  const response = await who.ask(request)
  expect(response.status).toBe(200)
  const dialog = callersDialog(request, response)
  who.link.send(within(dialog, 'ACK'))
  return dialog
}

const watch = (name: string, uri: string) =>
  requestOf(name, 'SUBSCRIBE', uri, {
    headers: [
      ['Contact', `<${contactOf(name)}>`],
      ['Event', 'conference'],
      ['Accept', CONFERENCE_TYPE],
    ],
  })

const roles = (body: string) => parseConferenceInfo(body).map(({ uri, role }) => `${uri.slice(4, 7)} ${role}`)

describe('a focus', () => {
  it('is made by the factory and tells who is there', async () => {
    const dialog = await enter(ann, 'ann', FACTORY)
    expect(isFocusUri(dialog.remoteTarget)).toBe(true)
    expect((await ann.ask(watch('ann', dialog.remoteTarget))).status).toBe(200)
    const first = await ann.next()
    expect([header(first.request, 'Event'), roles(first.request.body)]).toEqual(['conference', ['ann presenter']])
    first.respond(200, 'OK')
    const theirs = await enter(bob, 'bob', dialog.remoteTarget)
    const second = await ann.next()
    expect(roles(second.request.body)).toEqual(['ann presenter', 'bob attendee'])
    second.respond(200, 'OK')
    await bob.ask(within(theirs, 'BYE'))

    expect(roles((await ann.next()).request.body)).toEqual(['ann presenter'])
  })

  it('rings at who is referred to, for whom and with what it was asked to', async () => {
    const dialog = await enter(ann, 'ann', FACTORY)
    const referTo = printReferTo(BOB, {
      headers: [
        ['Subject', 'a & b? <c>'],
        ['From', 'sip:eve@evil.test'],
      ],
    })
    const answer = await ann.ask(within(dialog, 'REFER', { headers: [['Refer-To', referTo]] }))
    expect(answer.status).toBe(202)
    const ringing = await bob.next()
    expect(header(ringing.request, 'Subject')).toBe('a & b? <c>')
    expect(header(ringing.request, 'Referred-By')).toBe('"Ann" <sip:ann@contoso.test>')
    expect(header(ringing.request, 'From')).toContain(dialog.remoteTarget)
    expect(header(ringing.request, 'Contact')).toBe(`<${dialog.remoteTarget}>;isfocus`)
    ringing.respond(486, 'Busy Here')
    const heard = await ann.next()

    expect(header(heard.request, 'Event')).toMatch(/^refer;id=\d+$/)
    expect(parseFragment(heard.request.body)).toMatchObject({ status: 486, reason: 'Busy Here' })
  })

  it('takes out who never acknowledges', async () => {
    expect((await ann.ask(invite('ann', FACTORY))).status).toBe(200)
    clock.advance(32_000)

    expect((await ann.next()).request.method).toBe('BYE')
  })

  it('is there for participants only, and led by its leader only', async () => {
    const dialog = await enter(ann, 'ann', FACTORY)
    const uri = dialog.remoteTarget
    expect((await bob.ask(watch('bob', uri))).status).toBe(403)
    const theirs = await enter(bob, 'bob', uri)
    const inDialog = async (method: string, headers: readonly (readonly [string, string])[], body = '') =>
      (await bob.ask(within(theirs, method, { headers, body }))).status
    const c3p = [['Content-Type', 'application/cccp+xml']] as const

    expect(await inDialog('REFER', [['Refer-To', printReferTo(ANN, { method: 'BYE' })]])).toBe(403)
    expect(await inDialog('INFO', c3p, printRoleChange(uri, BOB, 'presenter'))).toBe(403)
    expect(await inDialog('REFER', [['Refer-To', '<sip:ann@contoso.test;method=OPTIONS>']])).toBe(400)
    expect(await inDialog('PUBLISH', [])).toBe(405)
    expect((await ann.ask(within(dialog, 'INFO', { headers: c3p, body: '<request/>' }))).status).toBe(400)
    expect(
      (
        await ann.ask(
          within(dialog, 'INFO', { headers: c3p, body: printRoleChange(uri, 'sip:zoe@contoso.test', 'attendee') }),
        )
      ).status,
    ).toBe(404)
  })

  it.each([
    ['a conference that is not there', invite('ann', 'sip:conference-0123456789abcdef@lcs.local'), 404],
    ['watching one that is not there', watch('ann', 'sip:conference-0123456789abcdef@lcs.local'), 404],
    ['the factory itself', watch('ann', FACTORY), 404],
    ['somebody who is not registered', invite('bob', FACTORY), 403],
  ])('is not had by %s', async (_, request, status) => {
    expect((await ann.ask(request)).status).toBe(status)
  })

  it('loses who came over a connection that broke', async () => {
    const dialog = await enter(ann, 'ann', FACTORY)
    await enter(bob, 'bob', dialog.remoteTarget)
    await ann.ask(watch('ann', dialog.remoteTarget))
    const before = await ann.next()
    before.respond(200, 'OK')
    bob.link.close()

    expect(roles((await ann.next()).request.body)).toEqual(['ann presenter'])
  })
})

describe('Refer-To', () => {
  it('reads back what was printed, whatever the headers hold', () => {
    const headers = [['Ms-Text-Format', 'text/plain; ms-body="a=&?%;<>"']] as const
    for (const method of ['INVITE', 'BYE'] as const) {
      expect(parseReferTo(printReferTo(BOB, { method, headers }))).toEqual({ uri: BOB, method, headers })
    }
  })

  it.each([undefined, '', '<sip:bob@contoso.test?a=%>'])('refuses %j', (value) => {
    expect(() => parseReferTo(value)).toThrow(SipError)
  })
})
