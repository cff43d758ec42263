import { describe, expect, it, onTestFinished } from 'vitest'
import { userIdOf, uriOf } from '../../shared/matrix/identity.ts'
import { clientOf } from '../kit/matrix.ts'
import { HAS_JS_SDK, jsPerson, type JsPerson } from '../kit/matrix-js-sdk.ts'
import { SYNAPSE } from '../kit/synapse.ts'
import { PASSWORD } from '../kit/upstream.ts'
import { member, type Member } from './member.ts'
import { theSynapse } from './servers.ts'

let names = 0

/** Ann on a phone of ours, and Dan who uses what others use, at a real server, in a conversation that Ann began. */
async function two(): Promise<{ readonly ann: Member; readonly dan: JsPerson; readonly room: string }> {
  const server = await theSynapse()
  names += 1
  const [anns, dans] = [`jsann${names}`, `jsdan${names}`]
  await server.register(anns, PASSWORD, 'Ann Archer')
  await server.register(dans, PASSWORD, 'Dan Dyer')
  const ann = await member(clientOf(server.url), anns)
  const dan = await jsPerson(server.url, dans, PASSWORD)
  onTestFinished(() => dan.client.stopClient())
  await ann.send({ kind: 'start', to: [uriOf(dan.userId)], text: 'Hello Dan' })
  const room = await dan.invited()
  await dan.client.joinRoom(room)
  await dan.saw((event) => event.getContent()['body'] === 'Hello Dan')
  await ann.saw('conversation', ({ conversation, state }) => conversation === room && state === 'connected')
  return { ann, dan, room }
}

/** Conversations with somebody who uses another client. */
export function jsSdkTests(): void {
  describe.skipIf(SYNAPSE === undefined || !HAS_JS_SDK)(
    'a conversation with matrix-js-sdk over Synapse (skipped where .ci/run could not install both)',
    () => {
      it('goes both ways: texts, names, edits, and what is taken back', async () => {
        const { ann, dan, room } = await two()
        const { event_id: id } = await dan.client.sendEvent(room, 'm.room.message', {
          msgtype: 'm.text',
          body: 'Hi Ann',
        })
        expect(await ann.saw('message', ({ text }) => text === 'Hi Ann')).toMatchObject({
          id,
          from: uriOf(dan.userId),
          name: 'Dan Dyer',
        })
        await dan.client.sendEvent(room, 'm.room.message', {
          msgtype: 'm.text',
          body: '* Hi, Ann!',
          'm.new_content': { msgtype: 'm.text', body: 'Hi, Ann!' },
          'm.relates_to': { rel_type: 'm.replace', event_id: id },
        })
        expect(await ann.saw('edited')).toMatchObject({ message: id, text: 'Hi, Ann!' })
        await dan.client.redactEvent(room, id)
        expect(await ann.saw('deleted')).toMatchObject({ message: id })

        const outcome = await ann.send({ kind: 'message', conversation: room, text: 'typo' })
        const message = 'message' in outcome ? (outcome.message ?? '') : ''
        await ann.send({ kind: 'edit', conversation: room, message, text: 'no typo' })
        await dan.saw((event) => Object(event.getContent()['m.new_content']).body === 'no typo')
        await ann.send({ kind: 'delete', conversation: room, message })
        await dan.saw((event) => event.getId() === message && event.isRedacted())
      })

      it('shows who types and who has read, and a reply as its text', async () => {
        const { ann, dan, room } = await two()
        await dan.client.sendTyping(room, true, 20_000)
        await ann.saw('typing', ({ typing, from }) => typing && from === uriOf(dan.userId))
        await ann.send({ kind: 'typing', conversation: room, typing: true })
        await dan.sawTyping(userIdOf(ann.address) ?? '', true)
        await ann.send({ kind: 'message', conversation: room, text: 'a message ends it' })
        await dan.sawTyping(userIdOf(ann.address) ?? '', false)
        const hello = await dan.saw((event) => event.getContent()['body'] === 'Hello Dan')
        await dan.client.setRoomReadMarkers(room, hello.getId(), hello)
        await ann.saw('read', ({ message, uri }) => message === hello.getId() && userIdOf(uri) === dan.userId)
        await dan.client.sendEvent(room, 'm.room.message', {
          msgtype: 'm.text',
          body: 'So do I',
          'm.relates_to': { 'm.in_reply_to': { event_id: hello.getId() } },
        })
        expect(await ann.saw('message', ({ text }) => text === 'So do I')).toMatchObject({ from: uriOf(dan.userId) })
      })

      it('of an encrypted room gets a notice in the room, and nothing is written there in the clear', async () => {
        const { ann, dan, room } = await two()
        const encrypted = {
          preset: 'private_chat',
          invite: [userIdOf(ann.address)],
          initial_state: [{ type: 'm.room.encryption', state_key: '', content: { algorithm: 'm.megolm.v1.aes-sha2' } }],
        }
        const { room_id: conversation } = await dan.client.createRoom(encrypted)
        await ann.saw('invitation', (event) => event.conversation === conversation)
        await ann.send({ kind: 'accept', conversation })
        await dan.client.sendEvent(conversation, 'm.room.encrypted', {
          algorithm: 'm.megolm.v1.aes-sha2',
          ciphertext: 'x',
        })
        await ann.saw('message', (event) => event.conversation === conversation && event.text.includes('holds no keys'))
        expect(await ann.send({ kind: 'message', conversation, text: 'in the clear' })).toHaveProperty('refused')
        expect(await ann.send({ kind: 'message', conversation: room, text: 'here it may' })).toHaveProperty('message')
      })
    },
  )
}
