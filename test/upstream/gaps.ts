import { describe, expect, it, onTestFinished } from 'vitest'
import { standInMatrix } from '../../infra/standin/matrix/server.ts'
import { wallClock } from '../../shared/clock.ts'
import { TIMELINE_EVENTS } from '../../shared/matrix/sync/filter.ts'
import { clientOf, MATRIX_USERS } from '../kit/matrix.ts'
import { SYNAPSE } from '../kit/synapse.ts'
import { PASSWORD } from '../kit/upstream.ts'
import { member, talking } from './member.ts'
import { theSynapse } from './servers.ts'

/** How much is fetched of what was left out: little, so that more than that is soon said. */
const GAP = { most: 4, page: 2 }

/** A wait that is answered at once, and has all the time it takes for that. */
const AT_ONCE_MS = 15_000

let names = 0

/** Where a Matrix server is, and what two users are called there. */
type Start = () => Promise<readonly [url: string, ann: string, bob: string]>

async function onStandIn(): ReturnType<Start> {
  const server = standInMatrix({ users: MATRIX_USERS, clock: wallClock })
  await server.start()
  onTestFinished(server.stop)
  return [server.url(), 'ann', 'bob']
}

async function onSynapse(): ReturnType<Start> {
  const server = await theSynapse()
  names += 1
  const [ann, bob] = [`gapann${names}`, `gapbob${names}`]
  for (const each of [ann, bob]) await server.register(each, PASSWORD, each)
  return [server.url, ann, bob]
}

/** Synapse is left out where it is not installed. */
const MATRIX_SERVERS: readonly { readonly name: string; readonly start: Start }[] = [
  { name: 'the stand-in', start: onStandIn },
  ...(SYNAPSE === undefined ? [] : [{ name: 'Synapse', start: onSynapse }]),
]

/** What a server leaves out of an answer is fetched, or, where that is too much, said to be lost. */
export function gapTests(): void {
  describe.each(MATRIX_SERVERS)('what $name leaves out of an answer', ({ start }) => {
    it.each([
      { words: 'comes whole up to the bound', more: GAP.most, lost: [], texts: TIMELINE_EVENTS + GAP.most },
      { words: 'is lost beyond it, which is said once', more: 10, lost: [0], texts: TIMELINE_EVENTS + GAP.most + 1 },
    ])('$words', async ({ more, lost, texts }) => {
      const [url, anns, bobs] = await start()
      const ann = await member(clientOf(url), anns)
      const bob = await member(clientOf(url), bobs)
      const room = await talking(ann, bob)
      await bob.wait(AT_ONCE_MS)
      const said = Array.from({ length: TIMELINE_EVENTS + more }, (_, at) => `line ${at}`)
      for (const text of said) await ann.send({ kind: 'message', conversation: room, text })
      const listening = clientOf(url, wallClock, { gap: GAP }).listen()
      const { arrived } = await listening.next(bob.state(), bob.cursor(), { active: true })
      const events = arrived.flatMap((each) => each.events)
      const read = events.flatMap((event) => (event.kind === 'message' ? [event.text] : []))
      expect(arrived.flatMap((each, at) => (each.lost ? [at] : []))).toEqual(lost)
      expect(read).toHaveLength(texts)
      expect(read.slice(-TIMELINE_EVENTS)).toEqual(said.slice(-TIMELINE_EVENTS))
    })
  })
}
