import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CAPABILITIES, type Capability } from '../../shared/rules/capabilities.ts'
import type { ImEvent } from '../../shared/rules/messaging.ts'
import { member, talking, type Member } from './member.ts'
import { SERVERS, type Server } from './servers.ts'

interface Two {
  readonly server: Server
  readonly ann: Member
  readonly bob: Member
  /** As Bob has it. */
  readonly conversation: string
  /** What Ann said in it. */
  readonly said: Extract<ImEvent, { kind: 'message' }>
}

/** What shows that a server can do what it says. */
const SHOWN: Readonly<Record<Capability, (two: Two) => Promise<void>>> = {
  async presence({ ann, bob }) {
    await ann.send({ kind: 'presence', availability: 'busy' })
    await bob.saw('presence', ({ uri, availability }) => uri === ann.address && availability === 'busy')
    await ann.saw('own-presence', ({ availability }) => availability === 'busy')
  },
  async notes({ ann, bob }) {
    await ann.send({ kind: 'note', note: 'Back at <2> & a half' })
    await bob.saw('presence', ({ uri, note }) => uri === ann.address && note === 'Back at <2> & a half')
    await ann.saw('own-presence', ({ note }) => note === 'Back at <2> & a half')
    await ann.send({ kind: 'presence', availability: 'busy' })
    await bob.saw('presence', ({ availability, note }) => availability === 'busy' && note !== undefined)
    await ann.send({ kind: 'note', note: '' })
    await bob.saw('presence', ({ uri, note }) => uri === ann.address && note === undefined)
  },
  async typing({ ann, bob, conversation }) {
    await ann.saw('conversation', ({ state }) => state === 'connected')
    await bob.send({ kind: 'typing', conversation, typing: true })
    await ann.saw('typing', ({ typing, from }) => typing && (from === undefined || from === bob.address))
    await bob.send({ kind: 'typing', conversation, typing: false })
    await ann.saw('typing', ({ typing }) => !typing)
  },
  async contacts({ server, ann }) {
    const cat = await member(server.upstream, server.cat)
    await ann.send({ kind: 'add-contact', uri: cat.address, name: 'Cat' })
    await ann.saw('contacts', ({ contacts }) => contacts.some(({ uri }) => uri === cat.address))
  },
  async groups({ server, ann }) {
    const cat = await member(server.upstream, server.cat)
    await ann.send({ kind: 'add-group', name: 'Team' })
    const { groups } = await ann.saw('groups', (event) => event.groups.some(({ name }) => name === 'Team'))
    const group = groups[0]?.id ?? ''
    await ann.send({ kind: 'add-contact', uri: cat.address, name: 'Cat', groups: [group] })
    await ann.saw('contacts', ({ contacts }) =>
      contacts.some(({ uri, groups: ids }) => uri === cat.address && ids[0] === group),
    )
    await ann.send({ kind: 'rename-group', group, name: 'Old team' })
    await ann.saw('groups', (event) => event.groups.some(({ id, name }) => id === group && name === 'Old team'))
    await ann.send({ kind: 'update-contact', uri: cat.address, name: 'Catherine', groups: [] })
    await ann.saw('contacts', ({ contacts }) =>
      contacts.some(({ name, groups: ids }) => name === 'Catherine' && ids.length === 0),
    )
    await ann.send({ kind: 'delete-group', group })
    await ann.saw('groups', ({ removed }) => removed.includes(group))
    await ann.send({ kind: 'delete-group', group }, 77)
    await ann.saw('failed', ({ number }) => number === 77)
  },
  async 'access-levels'({ ann, bob }) {
    const uri = bob.address
    await ann.send({ kind: 'access', uri, level: 'blocked' })
    await ann.saw('access', ({ level, people }) => level === 'blocked' && people.includes(uri))
    expect(await ann.send({ kind: 'access', uri, level: 'team', was: 'blocked' })).not.toHaveProperty('refused')
    await ann.saw('access', ({ level, people }) => level === 'team' && people.includes(uri))
    await ann.saw('access', ({ level, people }) => level === 'blocked' && people.length === 0)
    await ann.send({ kind: 'access', uri, was: 'team' })
    await ann.saw('access', ({ level, people }) => level === 'team' && people.length === 0)
  },
  async subscribers({ server, ann }) {
    const cat = await member(server.upstream, server.cat)
    await cat.send({ kind: 'add-contact', uri: ann.address, name: 'Ann' })
    await ann.saw('subscribers', ({ people }) => people.some(({ uri }) => uri === cat.address))
  },
  async search({ ann, bob, server }) {
    const name = server.bob.replace(/^(?:.*\\|@)|:.*$/g, '')
    await until(async () => {
      const outcome = await ann.send({ kind: 'search', text: name })
      const [answer] = 'events' in outcome ? (outcome.events ?? []) : []
      // A server that answers later does so by an event.
      const found = answer ?? (await ann.saw('found'))
      return found.kind === 'found' && found.people.some(({ uri }) => uri === bob.address)
    })
  },
  async conferences({ server, ann, bob }) {
    const cat = await member(server.upstream, server.cat)
    const { anns, bobs, cats } = await several({ ann, bob, cat })
    await ann.saw('members', ({ members }) => members.some(({ uri }) => uri === cat.address))
    await cat.send({ kind: 'message', conversation: cats, text: 'Here I am' })
    for (const each of [ann, bob]) {
      await each.saw('message', ({ text, from }) => text === 'Here I am' && from === cat.address)
    }
    await ann.send({ kind: 'eject', conversation: anns, uri: cat.address })
    await bob.saw('left', ({ uri, by }) => uri === cat.address && (by === undefined || by === ann.address))
    await cat.saw('conversation', (event) => event.conversation === cats && event.state === 'ended')
    await bob.send({ kind: 'leave', conversation: bobs })
    await ann.saw('left', ({ uri }) => uri === bob.address)
    await ann.send({ kind: 'invite', conversation: anns, to: [bob.address] })
    await bob.saw('invitation', ({ several: isToSeveral }) => isToSeveral === true)
  },
  async roles({ server, ann, bob }) {
    const cat = await member(server.upstream, server.cat)
    const { anns, bobs } = await several({ ann, bob, cat })
    const toCat = { kind: 'role', conversation: bobs, uri: cat.address, role: 'admin' } as const
    await bob.saw('members', ({ members }) => members.some(({ uri }) => uri === cat.address))
    expect(await bob.send(toCat)).toHaveProperty('refused')
    await ann.send({ kind: 'role', conversation: anns, uri: bob.address, role: 'admin' })
    await bob.saw('members', ({ members }) => members.some(({ uri, role }) => uri === bob.address && role === 'admin'))
    expect(await bob.send(toCat)).not.toHaveProperty('refused')
    await cat.saw('members', ({ members }) => members.some(({ uri, role }) => uri === cat.address && role === 'admin'))
  },
  async join({ server, ann }) {
    const cat = await member(server.upstream, server.cat)
    const outcome = await ann.send({ kind: 'start', to: [cat.address], text: 'x', subject: 'Plans' })
    const { conversation } = await cat.saw('invitation')
    expect(outcome).toMatchObject({ conversation })
    expect(await cat.send({ kind: 'join', conversation })).toEqual({ conversation })
    await cat.saw('conversation', (event) => event.conversation === conversation && event.state === 'connected')
  },
  async edits({ ann, bob, conversation, said }) {
    const outcome = await ann.send({ kind: 'edit', conversation, message: said.id ?? '', text: 'Lunch at one?' })
    expect(outcome).not.toHaveProperty('refused')
    expect(await bob.saw('edited')).toMatchObject({ message: said.id, text: 'Lunch at one?' })
  },
  async deletions({ ann, bob, conversation, said }) {
    await ann.send({ kind: 'delete', conversation, message: said.id ?? '' })
    expect(await bob.saw('deleted')).toMatchObject({ conversation, message: said.id })
  },
  async 'read-position'({ server, bob, conversation, said }) {
    const other = await member(server.upstream, server.bob)
    await other.saw('own-presence')
    await bob.send({ kind: 'read', conversation, message: said.id ?? '' })
    expect(await other.saw('read')).toMatchObject({ conversation, message: said.id, uri: bob.address })
  },
  async receipts({ ann, bob, conversation, said }) {
    await bob.send({ kind: 'read', conversation, message: said.id ?? '' })
    await ann.saw('read', ({ message, uri }) => message === said.id && uri === bob.address)
  },
  async history({ ann, bob, conversation }) {
    const texts = Array.from({ length: 30 }, (_, at) => `line ${at}`)
    for (const text of texts) await ann.send({ kind: 'message', conversation, text })
    const read: string[] = []
    let before: string | undefined
    do {
      const outcome = await bob.send({ kind: 'history', conversation, ...(before !== undefined && { before }) })
      const [page] = 'events' in outcome ? (outcome.events ?? []) : []
      if (page?.kind !== 'history') throw new Error(`no page of history: ${JSON.stringify(outcome)}`)
      read.unshift(...page.messages.map(({ text }) => text))
      before = page.before
    } while (before !== undefined)
    expect(read).toEqual(['Lunch?', ...texts])
  },
  async 'idempotent-sends'({ ann, bob, conversation }) {
    const again = { kind: 'message', conversation, text: 'once' } as const
    const [first, second] = [await ann.send(again, 50), await ann.send(again, 50)]
    expect(second).toEqual(first)
    await ann.send({ kind: 'message', conversation, text: 'after' }, 51)
    await bob.saw('message', ({ text }) => text === 'after')
    expect(bob.seen.filter((event) => event.kind === 'message' && event.text === 'once')).toHaveLength(1)
    expect(await bob.send({ kind: 'leave', conversation }, 90)).not.toHaveProperty('refused')
    expect(await bob.send({ kind: 'leave', conversation }, 90)).not.toHaveProperty('refused')
  },
}

/** A conversation of all three, which Ann began, by the name that each of them has for it. */
async function several({ ann, bob, cat }: Record<'ann' | 'bob' | 'cat', Member>) {
  const outcome = await ann.send({ kind: 'start', to: [bob.address, cat.address], text: 'All?', subject: 'Plans' })
  const anns = 'conversation' in outcome ? (outcome.conversation ?? '') : ''
  return { anns, bobs: await comes(bob), cats: await comes(cat) }
}

async function comes(each: Member): Promise<string> {
  const { conversation } = await each.saw('invitation', (event) => event.several === true && event.subject === 'Plans')
  await each.send({ kind: 'accept', conversation })
  await each.saw('conversation', (event) => event.conversation === conversation && event.state === 'connected')
  return conversation
}

/** A server may need a moment until what it just stored can be found. Each round asks the server, and ends by itself. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) if (await isSo()) return
  throw new Error('it was not so after 100 tries')
}

/** What shared/upstream/CAPABILITIES.md has, row by row. */
function table(): { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] } {
  const text = readFileSync(join(import.meta.dirname, '../../shared/upstream/CAPABILITIES.md'), 'utf8')
  const [head = [], , ...rows] = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  return { head, rows }
}

/** The same, by server. */
function tabled(): ReadonlyMap<string, ReadonlySet<string>> {
  const { head, rows } = table()
  return new Map(
    head.slice(1).map((column, at) => {
      const has = rows.filter((cells) => cells[at + 1] === '✔').map(([name = '']) => name.replaceAll('`', ''))
      return [column, new Set(has)]
    }),
  )
}

/** For each server and each capability that it names: it has it. */
export function capabilityTests(): void {
  it('a table says of every capability that there is, and of each server, whether that has it', () => {
    const { head, rows } = table()
    expect(rows.map(([name]) => name)).toEqual(Object.keys(CAPABILITIES).map((name) => `\`${name}\``))
    expect(rows.flatMap((cells) => cells.slice(1)).filter((cell) => cell !== '✔' && cell !== '–')).toEqual([])
    const servers = ['CWA JSON', 'CWA XML', 'Matrix stand-in', 'Synapse', 'in memory']
    expect(head.slice(1)).toEqual(servers)
    expect(rows.every((cells) => cells.length === head.length)).toBe(true)
  })

  describe.each(SERVERS)('the capabilities of $name', ({ start, column }) => {
    async function two(): Promise<Two> {
      const server = await start()
      const ann = await member(server.upstream, server.ann)
      const bob = await member(server.upstream, server.bob)
      if (!server.upstream.capabilities.has('idempotent-sends') || column === 'in memory') {
        await ann.send({ kind: 'start', to: [bob.address], text: 'Lunch?' })
        const { conversation, from } = await bob.saw('invitation')
        await bob.send({ kind: 'accept', conversation })
        return { server, ann, bob, conversation, said: { kind: 'message', conversation, from, text: 'Lunch?' } }
      }
      const conversation = await talking(ann, bob)
      const said = bob.seen.find((event) => event.kind === 'message')
      if (said === undefined) throw new Error('Bob read nothing')
      return { server, ann, bob, conversation, said }
    }

    it('are those that the table names', async () => {
      const { upstream } = await start()
      expect(upstream.capabilities).toEqual(tabled().get(column))
    })

    const shown = Object.entries(SHOWN).filter(([name]) => tabled().get(column)?.has(name))
    it.each(shown)('hold what they promise: %s', async (_, show) => {
      await expect(two().then(show)).resolves.toBeUndefined()
    })
  })
}
