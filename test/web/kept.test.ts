import { describe, expect, it } from 'vitest'
import { fromBefore, type Kept, type ResumableSession } from '../../infra/web/model/kept.ts'
import type { Entry, Live, OwnState, Talk } from '../../infra/web/model/talk.ts'
import { newTalk } from '../../infra/web/model/talk.ts'

const BOB = 'sip:bob@contoso.test'
const own = (id: string, state: OwnState['state']): Entry => ({
  kind: 'own',
  id,
  at: 1,
  text: id,
  own: state === 'waiting' || state === 'sending' || state === 'accepted' ? { state } : { state: 'failed', reason: '' },
})
const SESSION: ResumableSession = {
  session: '17-b0Jm3o2u9hQ5w1Zx',
  uri: 'sip:ann@contoso.test',
  statusIntervalMs: 240_000,
  capabilities: [],
  last: 7,
  number: 3,
  isPerhapsTooHigh: false,
}

function kept(talk: Partial<Talk>, session?: Partial<ResumableSession>): Kept {
  const person = { uri: BOB, name: 'Bob', availability: 'busy', contact: true, groups: [] } as const
  return {
    people: { [BOB]: person },
    talks: [{ ...newTalk('one', [BOB], false), ...talk }],
    availability: 'away',
    reading: 'one',
    ...(session !== undefined && { session: { ...SESSION, ...session } }),
  }
}

const states = ({ talks }: ReturnType<typeof fromBefore>) =>
  talks.flatMap(({ entries }) => entries.map((entry) => (entry.kind === 'own' ? entry.own.state : entry.kind)))

describe('what a page begins with', () => {
  it('knows nothing of states without a session, and doubts what was being said', () => {
    const model = fromBefore(kept({ entries: [own('a', 'accepted'), own('b', 'sending'), own('c', 'waiting')] }))
    expect(states(model)).toEqual(['accepted', 'unconfirmed', 'waiting'])
    expect(model).toMatchObject({ availability: undefined, reading: undefined })
    expect(model.people[BOB]?.availability).toBeUndefined()
  })

  it('is as it was where the session goes on, and what waited for its turn waits again', () => {
    const asked = { kind: 'message', conversation: '4', text: 'b' } as const
    const live: Live = { conversation: '4', state: 'connected' }
    const entries = [own('a', 'accepted'), own('b', 'sending'), own('c', 'sending')]
    const model = fromBefore(kept({ live, entries, typing: [BOB] }, { asked, entry: 'b' }))
    expect(states(model)).toEqual(['accepted', 'sending', 'waiting'])
    expect(model).toMatchObject({ availability: 'away', reading: 'one', talks: [{ live, typing: [] }] })
    expect(model.people[BOB]?.availability).toBe('busy')
    expect(model).not.toHaveProperty('session')
  })

  it.each<[string, Live, Partial<ResumableSession>, Live | undefined]>([
    ['begun', { state: 'starting', first: 'b' }, {}, undefined],
    ['begun', { state: 'starting', first: 'b' }, { entry: 'b' }, { state: 'starting', first: 'b' }],
    ['accepted', { state: 'accepting', conversation: '4' }, {}, { state: 'incoming', conversation: '4' }],
    [
      'accepted',
      { state: 'accepting', conversation: '4' },
      { asked: { kind: 'accept', conversation: '4' } },
      { state: 'accepting', conversation: '4' },
    ],
  ])('has a conversation %s again only where that was not under way', (_what, live, session, after) => {
    expect(fromBefore(kept({ live }, session)).talks[0]?.live).toEqual(after)
  })
})
