import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isFocusUri } from '../../../infra/standin/lcs/conferences/room.ts'
import { jsonCodec } from '../../../shared/cwa/json/json.ts'
import { xmlCodec } from '../../../shared/cwa/xml/xml.ts'
import { accept, ANN, BOB, CAT, company, DAN, invite, story } from './company.ts'
import type { Company } from './company.ts'
import type { Visitor } from './visitor.ts'

let office: Company
let ann: Visitor
let bob: Visitor
let cat: Visitor

beforeEach(async () => {
  office = await company()
  ann = await office.enter('ann')
  bob = await office.enter('bob')
  cat = await office.enter('cat')
})
afterEach(() => office.stop())

const say = (confId: number, content: string) =>
  ({ method: 'sendMessage', rid: 'm', confId, message: { content } }) as const

/** The URI of the conference somebody has been in. */
const focusOf = ({ seen }: Visitor): string =>
  seen.flatMap((event) => (event.event === 'confUri' ? [event.uri] : []))[0] ?? ''

/** Ann leads a conference with Bob and Cat in it; all have seen all. */
async function together(): Promise<{ annConf: number; bobConf: number; catConf: number }> {
  await ann.post(invite([BOB, CAT]))
  const bobConf = await accept(bob)
  const catConf = await accept(cat)
  await bob.until('participant', ({ uri }) => uri === CAT)
  await ann.until('participant', ({ uri }) => uri === CAT)
  return { annConf: 1, bobConf, catConf }
}

describe.each([
  ['JSON', jsonCodec],
  ['XML', xmlCodec],
])('a conference of several people over %s', (_, codec) => {
  it('is begun, talked in, and left', async () => {
    await office.stop()
    office = await company({}, codec)
    ;[ann, bob, cat] = [await office.enter('ann'), await office.enter('bob'), await office.enter('cat')]
    expect(await ann.post(invite([BOB, CAT]))).toEqual([{ answer: 'initiateImSessionAccepted', rid: 'i', confId: 1 }])
    expect(await bob.until('imSessionReceived')).toMatchObject({
      inviter: { uri: ANN, name: 'Ann Archer' },
      role: 'attendee',
      escalationMode: 'escalated',
      subject: 'Lunch & more',
      message: { content: 'hello' },
    })
    await bob.post({ method: 'acceptImSession', rid: 'a', confId: 1 })
    const catConf = await accept(cat)
    await ann.until('participant', ({ uri }) => uri === CAT)
    await cat.until('participant', ({ uri }) => uri === BOB)

    await ann.post(say(1, 'who is hungry?'))
    expect(await bob.until('messageReceived')).toMatchObject({ sender: ANN, message: { content: 'who is hungry?' } })
    expect(await cat.until('messageReceived')).toMatchObject({ sender: ANN, message: { content: 'who is hungry?' } })
    expect(await ann.until('messageIdReceived')).toMatchObject({ rid: 'm', messageId: '1-mcu' })
    await cat.post({ method: 'notifyComposing', rid: 'c', confId: catConf, state: 'composing' }, say(catConf, 'me'))
    expect(await ann.until('composingState')).toMatchObject({ confId: 1, sender: CAT, state: 'composing' })
    expect(await bob.until('messageReceived')).toMatchObject({ sender: CAT, message: { content: 'me' } })

    await cat.post({ method: 'terminateImSession', rid: 't', confId: catConf })
    expect(await ann.until('participantRemoved')).toMatchObject({ uri: CAT })
    await cat.until('imSessionState', ({ state }) => state === 'terminated')
    expect(story(cat.seen)).not.toContain('participantRemoved cat')
    await ann.post(say(1, 'two are enough'))
    await bob.until('messageReceived', ({ message }) => message.content === 'two are enough')
  })
})

describe('a conference', () => {
  it('tells its parts in their order', async () => {
    await together()

    expect(story(ann.seen)).toEqual([
      'initiateImSessionAccepted',
      'escalating',
      'confUri',
      'connecting',
      'presenter',
      'participant bob',
      'escalated',
      'connected',
      'participant cat',
    ])
    await cat.until('role')
    expect(story(cat.seen).slice(0, 6)).toEqual([
      'imSessionReceived',
      'incoming',
      'confUri',
      'escalated',
      'connected',
      'attendee',
    ])
  })

  it('goes on with those who came when somebody cannot be reached', async () => {
    await ann.post(invite([BOB, DAN]))
    expect(await ann.until('inviteFailed')).toMatchObject({ uri: DAN })
    expect(await ann.until('requestFailed')).toMatchObject({ rid: 'i', error: { code: 18_201, sip: { code: 480 } } })
    await accept(bob)

    await ann.until('imSessionState', ({ state }) => state === 'connected')
  })

  it('ends when no participant can be reached', async () => {
    await ann.post(invite([DAN, 'sip:zoe@contoso.test']))
    await ann.until('imSessionState', ({ state }) => state === 'terminated')

    expect(story(ann.seen).filter((word) => word.startsWith('inviteFailed'))).toEqual([
      'inviteFailed dan',
      'inviteFailed zoe',
    ])
  })

  it('is declined by one, and stays for the others', async () => {
    await ann.post(invite([BOB, CAT]))
    const { confId } = await bob.until('imSessionReceived')
    await bob.post({ method: 'terminateImSession', rid: 't', confId })
    expect(await ann.until('inviteFailed')).toMatchObject({ uri: BOB })
    await accept(cat)

    await ann.until('participant', ({ uri }) => uri === CAT)
  })

  it('takes in one more, whichever participant asks', async () => {
    const { bobConf } = await together()
    const dan = await office.enter('dan')
    await bob.post({ method: 'inviteParticipants', rid: 'p', confId: bobConf, uris: [DAN] })
    const received = await dan.until('imSessionReceived')
    expect(received).toMatchObject({ inviter: { uri: BOB } })
    expect(received.message).toBeUndefined()
    await dan.post({ method: 'acceptImSession', rid: 'a', confId: received.confId })

    expect(await ann.until('participant', ({ uri }) => uri === DAN)).toMatchObject({ confId: 1 })
  })

  it('is led by who began it: attendees cannot send others out or promote them', async () => {
    const { bobConf } = await together()
    const eject = { method: 'ejectParticipant', rid: 'e', confId: bobConf, uri: CAT } as const

    expect(await bob.post(eject, { ...eject, method: 'promoteParticipant' })).toMatchObject([
      { answer: 'requestFailed', error: { code: 18_102 } },
      { answer: 'requestFailed', error: { code: 18_102 } },
    ])
    expect(await ann.post({ ...eject, confId: 1, uri: DAN })).toMatchObject([{ answer: 'requestFailed' }])
  })

  it('loses who is sent out, and does not take him back by himself', async () => {
    const { bobConf } = await together()
    await ann.post({ method: 'ejectParticipant', rid: 'e', confId: 1, uri: BOB })
    await ann.until('requestSucceeded', ({ rid }) => rid === 'e')
    expect(await bob.until('participantRemoved')).toMatchObject({ confId: bobConf, uri: BOB })
    await bob.until('imSessionState', ({ state }) => state === 'terminated')
    expect(await cat.until('participantRemoved')).toMatchObject({ uri: BOB })

    await bob.post(invite(focusOf(bob), 9))
    expect(await bob.until('requestFailed')).toMatchObject({ error: { sip: { code: 403 } } })
    await ann.post({ method: 'inviteParticipants', rid: 'p', confId: 1, uris: [BOB] })
    await accept(bob)
  })

  it('has a second leader after a promotion', async () => {
    const { bobConf } = await together()
    await ann.post({ method: 'promoteParticipant', rid: 'p', confId: 1, uri: BOB })
    expect(await bob.until('role', ({ role }) => role === 'presenter')).toMatchObject({ confId: bobConf })
    await ann.until('requestSucceeded', ({ rid }) => rid === 'p')

    await bob.post({ method: 'ejectParticipant', rid: 'e', confId: bobConf, uri: ANN })
    expect(await ann.until('participantRemoved')).toMatchObject({ uri: ANN })
  })

  it('is entered again by its URI, with the role of before', async () => {
    await together()
    const uri = focusOf(ann)
    expect(isFocusUri(uri)).toBe(true)
    await ann.post({ method: 'terminateImSession', rid: 't', confId: 1 })
    await bob.until('participantRemoved', ({ uri }) => uri === ANN)
    await ann.post(invite(uri, 5))
    await ann.until('imSessionState', ({ state, confId }) => confId === 5 && state === 'connected')

    expect(await bob.until('participant', ({ uri }) => uri === ANN)).toBeDefined()
    expect(ann.seen.findLast((event) => event.event === 'role')).toMatchObject({ confId: 5, role: 'presenter' })
    await ann.post(say(5, 'back'))
    await cat.until('messageReceived', ({ message }) => message.content === 'back')
  })

  it('is gone when the last one has left', async () => {
    const { bobConf, catConf } = await together()
    for (const [who, confId] of [
      [ann, 1],
      [bob, bobConf],
      [cat, catConf],
    ] as const) {
      await who.post({ method: 'terminateImSession', rid: 't', confId })
      await who.until('imSessionState', ({ state }) => state === 'terminated')
    }
    await ann.post(invite(focusOf(ann), 5))

    expect(await ann.until('requestFailed')).toMatchObject({ error: { sip: { code: 404 } } })
    await ann.until('imSessionState', ({ confId, state }) => confId === 5 && state === 'terminated')
  })

  it('loses everybody whose server breaks down', async () => {
    await together()
    office.cwa.control.restart()
    const again = await office.enter('ann')
    await again.post(invite(focusOf(ann)))

    expect(await again.until('requestFailed')).toMatchObject({ error: { sip: { code: 404 } } })
  })
})

describe('a conversation of two', () => {
  let bobConf: number
  beforeEach(async () => {
    await ann.post(invite(BOB))
    bobConf = await accept(bob)
    await ann.until('imSessionState', ({ state }) => state === 'connected')
  })

  it('grows into a conference, and nothing passes while it does', async () => {
    const grow = { method: 'inviteParticipants', rid: 'g', confId: 1, uris: [CAT] } as const
    expect(await ann.post(grow, say(1, 'too early'), grow)).toMatchObject([
      { answer: 'requestAccepted', rid: 'g' },
      { answer: 'requestFailed', error: { code: 18_102 } },
      { answer: 'requestFailed', error: { code: 18_102 } },
    ])
    const catConf = await accept(cat)
    await ann.until('participant', ({ uri }) => uri === CAT)
    await bob.until('participant', ({ uri }) => uri === CAT)
    const words = story(ann.seen)
    expect(words.slice(words.indexOf('escalating')).toSorted()).toEqual(
      ['escalating', 'confUri', 'presenter', 'participant bob', 'escalated', 'participant cat'].toSorted(),
    )
    expect(words.lastIndexOf('escalated')).toBeLessThan(words.indexOf('participant cat'))
    expect(story(bob.seen)).toContain('escalating')
    expect(story(bob.seen)).not.toContain('terminated')

    await bob.post(say(bobConf, 'three now'))
    expect(await ann.until('messageReceived')).toMatchObject({ confId: 1, sender: BOB })
    expect(await cat.until('messageReceived')).toMatchObject({ confId: catConf, sender: BOB })
  })

  it('has no leader', async () => {
    expect(await ann.post({ method: 'ejectParticipant', rid: 'e', confId: 1, uri: BOB })).toMatchObject([
      { answer: 'requestFailed', error: { code: 18_102 } },
    ])
  })

  it('takes no list that is none', async () => {
    expect(await ann.post({ method: 'inviteParticipants', rid: 'g', confId: 1, uris: [] })).toMatchObject([
      { answer: 'requestInvalid', error: { code: 18_001 } },
    ])
  })

  it('says who of the others could not be reached, and goes on', async () => {
    await ann.post({ method: 'inviteParticipants', rid: 'g', confId: 1, uris: [DAN] })
    expect(await ann.until('inviteFailed')).toMatchObject({ uri: DAN })
    expect(await ann.until('requestFailed')).toMatchObject({ rid: 'g', error: { sip: { code: 480 } } })
    await ann.post(say(1, 'still us'))

    expect(await bob.until('messageReceived')).toMatchObject({ sender: ANN, message: { content: 'still us' } })
  })
})
