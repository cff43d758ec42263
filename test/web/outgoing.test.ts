import { expect, it } from 'vitest'
import { outgoing } from '../../infra/web/app/outgoing.ts'
import { posting } from '../../infra/web/app/posting.ts'
import { NOTHING, type Model } from '../../infra/web/model/model.ts'
import type { Talk } from '../../infra/web/model/talk.ts'
import type { Sent } from '../../shared/device/sender.ts'
import type { Command } from '../../shared/rules/messaging.ts'

const TALK: Talk = {
  id: 'talk',
  members: ['sip:bob@contoso.test'],
  isGroup: false,
  entries: [{ kind: 'own', id: 'entry', at: 1, text: 'Hello', own: { state: 'waiting' } }],
  live: { state: 'connected', conversation: '1' },
  typing: [],
  unread: 0,
  draft: '',
}

/** A page whose disk writes when it is let, and whose device says of a send at once that it is being sent. */
function page() {
  let model: Model = { ...NOTHING, talks: [TALK] }
  const [disk, handedOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const asked: Command[] = []
  const update = (change: (before: Model) => Model) => void (model = change(model))
  const send = (command: Command) => {
    asked.push(command)
    out.heard({ kind: 'send', command, state: 'sending' })
    handedOn.resolve()
    return Promise.withResolvers<Sent>().promise
  }
  const out = outgoing({ update, keep: () => disk.promise, send })
  const post = posting({ model: () => model, update, out, send, isOnline: () => true })
  const states = () => model.talks[0]?.entries.map((entry) => entry.kind === 'own' && entry.own.state)
  return { post, disk, handedOn, asked, states }
}

it('a message is shown as being sent once it is on the disk, and is handed to the device once', async () => {
  const { post, disk, handedOn, asked, states } = page()
  post.goOn()
  // Whatever happens on the device meanwhile.
  post.goOn()
  expect([states(), asked]).toEqual([['waiting'], []])

  disk.resolve()
  await handedOn.promise
  post.goOn()
  expect(states()).toEqual(['sending'])
  expect(asked).toEqual([{ kind: 'message', conversation: '1', text: 'Hello' }])
})
