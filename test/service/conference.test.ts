import { expect, it } from 'vitest'
import type { Character } from '../../infra/local/story.ts'
import { services, type Service } from '../kit/service.ts'

const service = services()

const uriOf = ({ person }: Character) => `sip:${person.user}@contoso.test`

/** Takes up the next invitation. @returns what this device calls the conversation */
async function comes(who: Character): Promise<string> {
  const { conversation } = await who.saw('the invitation', 'invitation')
  await who.device.send({ kind: 'accept', conversation })
  await who.saw('that it is in', 'conversation', (event) => event.conversation === conversation && isConnected(event))
  return conversation
}

const isConnected = ({ state }: { readonly state: string }) => state === 'connected'

/** Ann and Bob talk: each by the number that the conversation has there. */
async function two({ ann, bob }: Service) {
  const { conversation: anns = '' } = await ann.device.send({ kind: 'start', to: [uriOf(bob)], text: 'Lunch?' })
  const bobs = await comes(bob)
  await ann.saw('that Bob is there', 'conversation', isConnected)
  return { anns, bobs }
}

it('makes a conference of two who talk, over the whole stack: who comes, speaks, leads, is sent out and looked up', async () => {
  const running = await service()
  const { ann, bob, cat } = running
  await Promise.all([ann, bob, cat].map(({ device, person }) => device.login(person.login, person.password)))
  expect([...ann.device.capabilities]).toEqual(expect.arrayContaining(['conferences', 'roles', 'search']))
  const { anns, bobs } = await two(running)

  await ann.device.send({ kind: 'search', text: 'cat' })
  const { people } = await ann.saw('who was found', 'found')
  expect(people).toMatchObject([{ uri: uriOf(cat) }])
  await ann.device.send({ kind: 'invite', conversation: anns, to: people.map(({ uri }) => uri) })
  const cats = await comes(cat)
  for (const each of [ann, bob]) {
    await each.saw('that it is one with several', 'conversation', ({ several }) => several === true)
    await each.saw('that Cat came', 'members', ({ members }) => members.some(({ uri }) => uri === uriOf(cat)))
  }
  await cat.device.send({ kind: 'message', conversation: cats, text: 'Here I am' })
  for (const each of [ann, bob]) await each.saw('what Cat says', 'message', ({ text }) => text === 'Here I am')

  const eject = { kind: 'eject', conversation: bobs, uri: uriOf(cat) } as const
  await expect(bob.device.send(eject)).rejects.toMatchObject({ code: 'upstream-refused' })
  await ann.device.send({ kind: 'role', conversation: anns, uri: uriOf(bob), role: 'admin' })
  await bob.saw('his role', 'members', ({ members }) => members.some(({ role }) => role === 'admin'))
  await bob.device.send(eject)
  await cat.saw(
    'that she is out',
    'conversation',
    ({ conversation, state }) => conversation === cats && state === 'ended',
  )
  await ann.saw('that Cat is out', 'left', ({ uri }) => uri === uriOf(cat))
})
