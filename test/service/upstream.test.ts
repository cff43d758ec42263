import { describe, expect, it } from 'vitest'
import type { Character } from '../../infra/local/story.ts'
import { Refused } from '../../shared/device/refused.ts'
import { moreDevices } from '../kit/devices.ts'
import { logbook } from '../kit/logbook.ts'
import { services, type ServiceOptions } from '../kit/service.ts'
import { untilAsked } from '../kit/upstream.ts'
import { witness } from '../../infra/local/witness.ts'
import { wallClock } from '../../shared/clock.ts'

const ANN = 'sip:ann@contoso.test'
const BOB = 'sip:bob@contoso.test'
const CAT = 'sip:cat@contoso.test'

const login = ({ device, person }: Character) => device.login(person.login, person.password)

const reads = async ({ saw }: Character, text: string) => saw(`"${text}"`, 'message', (event) => event.text === text)

const isGet = ({ verb }: { readonly verb: string }) => verb === 'GET'

const texts = ({ seen }: Pick<Character, 'seen'>): string[] =>
  seen.flatMap((event) => (event.kind === 'message' ? [event.text] : []))

const refusal = async (promise: Promise<unknown>): Promise<Refused> => {
  const thrown = await promise.then(
    () => undefined,
    (each: unknown) => each,
  )
  if (thrown instanceof Refused) return thrown
  throw new Error('it was not refused', { cause: thrown })
}

/** A message that CWA brings to Ann, without anybody who wrote it. */
const brought = (content: string) =>
  [{ event: 'messageReceived', confId: 9, sender: CAT, message: { format: 'text/plain', content } }] as const

describe('a session whose upstream', () => {
  const service = services()

  async function started(options: ServiceOptions = {}) {
    const book = logbook()
    const running = await service({ ...options, lambda: { log: book.log } })
    await login(running.ann)
    await running.cwa.control.untilListening(ANN)
    return { ...running, control: running.cwa.control, book }
  }

  async function talking(options: ServiceOptions = {}) {
    const running = await started(options)
    const { ann, bob } = running
    await login(bob)
    const { conversation: anns = '' } = await ann.device.send({ kind: 'start', to: [BOB], text: 'Hello Bob' })
    const { conversation: bobs } = await bob.saw('the invitation', 'invitation')
    await bob.device.send({ kind: 'accept', conversation: bobs })
    for (const each of [ann, bob]) {
      await each.saw('the connection', 'conversation', ({ state }) => state === 'connected')
    }
    const says = async (who: Character, text: string) =>
      who.device.send({ kind: 'message', conversation: who === ann ? anns : bobs, text })
    return { ...running, says }
  }

  it.each([{ codec: 'json' }, { codec: 'xml', cwa: { tls: true } }] as const)(
    'replaces the ticket in the middle of a poll and of a send goes on with its conversation: %o',
    async (options) => {
      const { ann, bob, cwa, control, says } = await talking(options)

      await control.untilListening(ANN)
      control.rotateTicket(ANN)
      await says(bob, 'after a poll')
      await reads(ann, 'after a poll')
      control.hold()
      const asked = untilAsked(cwa, ({ methods }) => methods.includes('sendMessage'))
      const sent = says(ann, 'in the middle of a send')
      await asked
      control.rotateTicket(ANN)
      control.rotateTicket(BOB)
      control.release()

      await expect(sent).resolves.toMatchObject({ number: 2 })
      await reads(bob, 'in the middle of a send')
      await says(bob, 'and on')
      await reads(ann, 'and on')
      expect([texts(ann), texts(bob)]).toEqual([['after a poll', 'and on'], ['in the middle of a send']])
    },
  )

  it('lets the ticket expire while the device is out of coverage tells it on its return, with its seat free', async () => {
    const { ann, control, book } = await started({ settings: { maximumSessions: 1 } })
    ann.device.close()
    await book.until('out of coverage')
    control.expireTicket(ANN)
    control.queueEvents(ANN, brought('too late'))
    await book.until('session ended')

    const gone = await refusal(ann.device.resume())

    expect(gone).toMatchObject({ code: 'session-gone', next: 'login' })
    await expect(login(ann)).resolves.toMatchObject({ type: 'accepted' })
  })

  it('breaks down and comes back tells the device, which logs in again at once', async () => {
    const { ann, control } = await started({ settings: { maximumSessions: 1 } })

    control.restart()

    const ended = await ann.saw('the end', 'ended')
    expect(ended).toMatchObject({
      code: 'signed-out',
      next: 'login',
      reason: expect.stringMatching(/^the instant-messaging server ended the session: .*the ticket is not accepted$/),
    })
    await expect(login(ann)).resolves.toMatchObject({ type: 'accepted' })
    expect(control.sessions()).toHaveLength(1)
  })

  it('breaks down while the device is out of coverage tells it on its return', async () => {
    const { ann, control, book } = await started({ settings: { maximumSessions: 1 } })
    ann.device.close()
    control.restart()
    await book.until('session ended')

    expect(await refusal(ann.device.resume())).toMatchObject({ code: 'session-gone', next: 'login' })
    await expect(login(ann)).resolves.toMatchObject({ type: 'accepted' })
  })

  it('breaks down tells a device that has moved to another connection over that one', async () => {
    const { ann, control } = await started()
    ann.device.close()
    await ann.device.resume()
    control.queueEvents(ANN, brought('over the new connection'))
    await ann.saw('what came after', 'message')

    control.restart()

    await expect(ann.saw('the end', 'ended')).resolves.toMatchObject({ code: 'signed-out', next: 'login' })
  })

  it('refuses the ticket of a send says so to the device, and nothing was sent', async () => {
    const { ann, bob, control, says } = await talking()
    // A GET that came after it would tell of the end before the send does.
    await control.untilListening(ANN)
    control.expireTicket(ANN)

    expect(await refusal(says(ann, 'this is lost'))).toMatchObject({ code: 'signed-out', next: 'login' })
    await bob.device.poll()
    expect(texts(bob)).toEqual([])
  })

  it('answers 503 for a while is asked less often, and then brings what came meanwhile, once', async () => {
    const { ann, control } = await started()
    for (const status of [503, 503, 503]) control.failNext(isGet, status)

    control.queueEvents(ANN, brought('before'))
    await ann.saw('what came before', 'message')
    control.queueEvents(ANN, brought('meanwhile'))
    await ann.saw('what came meanwhile', 'message', ({ text }) => text === 'meanwhile')
    await ann.device.poll()
    // Last, for a GET is not held for ever, and another one takes a moment.
    await control.untilListening(ANN)

    expect(texts(ann)).toEqual(['before', 'meanwhile'])
    const gets = control.requests().filter(isGet)
    expect(gets.filter(({ status }) => status === 503)).toHaveLength(3)
    expect(gets.at(-1)?.status).toBeUndefined()
  })

  it.each(['before', 'after'] as const)(
    'cuts the connection of a send %s the work is done sends it never twice',
    async (when) => {
      const { ann, bob, control, says } = await talking()
      control.cutNext(when, ({ methods }) => methods.includes('sendMessage'))

      expect(await refusal(says(ann, 'perhaps'))).toMatchObject({ code: 'unconfirmed', next: 'ask-user' })
      await says(ann, 'for sure')
      await reads(bob, 'for sure')
      await bob.device.poll()

      expect(texts(bob)).toEqual(when === 'before' ? ['for sure'] : ['perhaps', 'for sure'])
    },
  )

  it('ends the sessions of one user leaves the others as they are', async () => {
    const running = await started()
    const { control } = running
    const others = await moreDevices(running, 6)
    const watched = others.map(({ device, person }) => ({ person, device, ...witness(person.user, device, wallClock) }))
    for (const { device, person } of watched) await device.login(person.login, person.password)
    const [cats, rest] = [
      watched.filter(({ person }) => person.user === 'cat'),
      watched.filter(({ person }) => person.user !== 'cat'),
    ]

    await control.endSessions(CAT)
    for (const { saw } of cats) await expect(saw('the end', 'ended')).resolves.toMatchObject({ code: 'signed-out' })
    for (const uri of [ANN, BOB]) control.queueEvents(uri, brought(`still there, ${uri}`))

    for (const { person, saw, seen } of rest) {
      await saw('what came', 'message', ({ text }) => text === `still there, sip:${person.user}@contoso.test`)
      expect(texts({ seen })).toHaveLength(1)
      expect(seen.filter(({ kind }) => kind === 'ended')).toEqual([])
    }
    expect(
      control
        .sessions()
        .map(({ uri }) => uri)
        .toSorted(),
    ).toEqual([ANN, ANN, ANN, BOB, BOB])
    for (const { device } of watched) device.close()
  })

  it('cannot deliver says why, to the device, in words', async () => {
    const { ann, control } = await started()

    const { number, conversation } = await ann.device.send({ kind: 'start', to: [CAT], text: 'Are you there?' })
    expect(await ann.saw('the failure', 'failed')).toMatchObject({
      number,
      reason: expect.stringMatching(/^sip:cat@contoso\.test: .* answered with a failure \(18201\): SIP 480 /),
    })
    await ann.saw(
      'the end of it',
      'conversation',
      (event) => event.conversation === conversation && event.state === 'ended',
    )

    control.queueEvents(ANN, [{ event: 'messageSendFailed', confId: 9, rid: '7', messageId: '2-mcu' }])
    expect(await ann.saw('what was not delivered', 'not-delivered')).toEqual({
      kind: 'not-delivered',
      conversation: '9',
      number: 7,
      reason: 'it could not be delivered',
    })
  })
})
