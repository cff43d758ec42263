import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { administered, ANN } from './harness.ts'

interface Policy {
  readonly Statement: readonly { readonly Action: string | readonly string[]; readonly Resource: string }[]
}

const README = readFileSync(join(import.meta.dirname, '../../infra/admin/README.md'), 'utf8')
const [, json = ''] = /^```json\n([^]*?)^```$/m.exec(README) ?? []
const { Statement: STATEMENTS }: Policy = JSON.parse(json)

/** What the README's policy allows, as `TABLE Action`. */
const ALLOWED = new Set(
  STATEMENTS.flatMap(({ Action, Resource }) => {
    const [, table] = /table\/(CONFIGURATION|SESSIONS)_TABLE$/.exec(Resource) ?? []
    return table === undefined ? [] : [Action].flat().map((action) => `${table} ${action.replace('dynamodb:', '')}`)
  }),
)

const TABLES: Readonly<Record<string, string>> = { Settled: 'CONFIGURATION', Kept: 'SESSIONS' }

/** The command, and what it asks of the tables. */
async function watched() {
  const asked = new Set<string>()
  const note = (operation: string, body: unknown) => {
    const { TableName }: { TableName?: string } = Object(body)
    asked.add(`${TABLES[TableName ?? '']} ${operation}`)
    return undefined
  }
  const all = await administered({ dynamo: { fault: note } })
  return { ...all, asked }
}

describe("the README's policy", () => {
  it('is what doctor tries', async () => {
    const { admin, asked } = await watched()
    await admin('doctor', '--skip-upstream')
    expect([...asked].toSorted()).toEqual([...ALLOWED].toSorted())
  })

  it('is what the commands ask for, and no more', async () => {
    const { admin, asked, folder, place, sessions, clock } = await watched()
    await place(ANN)
    const { session, device, user } = ANN
    const kept = { state: { public: 'e0f1', secret: 'a ticket' }, uri: 'sip:ann@contoso.test', openedAt: 0 }
    await sessions.open({ session, device, user, ...kept, cursor: { seq: 0, upstream: '0.0' } }, clock.now())
    asked.clear()
    const file = join(folder, 'ann.json')
    const commands = [
      ['settings', 'set', 'maximumSessions=10'],
      ['users', 'add', ANN.user],
      ['users', 'deny', ANN.user],
      ['users', 'unlock', ANN.user],
      ['users', 'list'],
      ['users', 'remove', ANN.user, '--yes'],
      ['devices', 'add', ANN.device, '--out', file],
      ['devices', 'rotate', ANN.device],
      ['devices', 'show', ANN.device],
      ['keys', 'rotate'],
      ['keys', 'reencrypt'],
      ['devices', 'disable', ANN.device],
      ['sessions', 'list'],
      ['seats'],
    ]
    for (const words of commands) expect(await admin(...words)).toMatchObject({ code: 0 })

    expect([...asked].toSorted()).toEqual([...ALLOWED].toSorted())
  })
})
