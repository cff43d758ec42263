import { describe, expect, it } from 'vitest'
import type { Character } from '../../infra/local/story.ts'
import { services } from '../kit/service.ts'

const ROUNDS = 3

const texts = ({ seen }: Character) => seen.flatMap((event) => (event.kind === 'message' ? [event.text] : []))
const numbered = (who: string) => Array.from({ length: ROUNDS }, (_, round) => `${who} ${round}`)

describe('a device that moves to a new connection again and again', () => {
  const service = services()

  it('shows and sends each message once and in order, and hears what became of each', async () => {
    const { ann, bob } = await service()
    for (const { device, person } of [ann, bob]) await device.login(person.login, person.password)
    const { conversation: anns = '' } = await ann.device.send({
      kind: 'start',
      to: ['sip:bob@contoso.test'],
      text: 'Hello Bob',
    })
    const { conversation: bobs } = await bob.saw('the invitation', 'invitation')
    await bob.device.send({ kind: 'accept', conversation: bobs })
    for (const { saw } of [ann, bob]) {
      await saw('the connection', 'conversation', ({ state }) => state === 'connected')
    }

    for (const [round, text] of numbered('Ann').entries()) {
      const said = [
        ann.device.send({ kind: 'message', conversation: anns, text }),
        bob.device.send({ kind: 'message', conversation: bobs, text: `Bob ${round}` }),
      ]
      const resumed = await ann.device.resume()
      await Promise.all(said)
      expect(resumed).toEqual({ recovered: true })
    }
    await ann.saw("Bob's last", 'message', ({ text }) => text === numbered('Bob').at(-1))
    await bob.saw("Ann's last", 'message', ({ text }) => text === numbered('Ann').at(-1))
    for (const text of numbered('Ann')) {
      await ann.saw(`that "${text}" arrived`, 'send', ({ command, state }) => {
        return state === 'delivered' && command.kind === 'message' && command.text === text
      })
    }

    expect([texts(ann), texts(bob)]).toEqual([numbered('Bob'), numbered('Ann')])
    expect(ann.seen.filter(({ kind }) => kind === 'gap')).toEqual([])
  })
})
