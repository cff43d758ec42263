import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { CwaAnswer, CwaEvent, CwaMethod } from '../../shared/cwa/model.ts'

const ROOT = join(import.meta.dirname, '../..')

/** The names of the model's unions: one that is missing here, or too many, does not compile. */
const METHODS = {
  logon: true,
  initiateSession: true,
  terminateSession: true,
  addContact: true,
  updateContact: true,
  deleteContact: true,
  addGroup: true,
  updateGroup: true,
  deleteGroup: true,
  publishSelfPresence: true,
  queryPresence: true,
  subscribePresence: true,
  updateContainer: true,
  search: true,
  initiateImSession: true,
  acceptImSession: true,
  terminateImSession: true,
  sendMessage: true,
  notifyComposing: true,
  inviteParticipants: true,
  ejectParticipant: true,
  promoteParticipant: true,
  other: true,
} satisfies Record<CwaMethod['method'], true>

const EVENTS = {
  contactGroup: true,
  userPresence: true,
  selfPresence: true,
  requestSucceeded: true,
  requestFailed: true,
  subscribers: true,
  containers: true,
  configuration: true,
  searchResult: true,
  imSessionReceived: true,
  imSessionState: true,
  messageReceived: true,
  messageIdReceived: true,
  messageSendFailed: true,
  composingState: true,
  escalationMode: true,
  role: true,
  participant: true,
  participantRemoved: true,
  inviteFailed: true,
  confUri: true,
  initiateImSessionAccepted: true,
  locked: true,
  other: true,
} satisfies Record<CwaEvent['event'], true>

const ANSWERS = {
  requestSucceeded: true,
  requestAccepted: true,
  initiateImSessionAccepted: true,
  requestFailed: true,
  requestInvalid: true,
  requestRejected: true,
  error: true,
} satisfies Record<CwaAnswer['answer'], true>

/** What sources name, of sections 4.1 to 4.6 of the reference, and no source shows. */
const UNKNOWN = {
  Methods: [
    'acknowledgeSubscriber',
    'lock',
    'publishRawCategories',
    'rejectImSession',
    'sendInfo',
    'unSubscribePresence',
    'voIPRedirect',
    'voIPReplyWithIM',
    'voIPTerminate',
  ],
  Events: [
    'enableAppearOffline',
    'presenceSubscriptionState',
    'selfRawCategories',
    'userRawCategories',
    'voIPReceived',
    'voIPTerminated',
  ],
}

const DOCUMENT = readFileSync(join(ROOT, 'shared/cwa/COVERAGE.md'), 'utf8')

/** The rows of the tables under a heading, in cells. */
function rows(heading: string): string[][] {
  const section = DOCUMENT.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const lines = section
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (method|event|answer) \|/.test(line))
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

const namesOf = (table: readonly string[][]): string[] => table.map(([name = '']) => name).toSorted()
const tested = (heading: string) => rows(heading).filter(({ length }) => length === 5)

describe.each([
  { heading: 'Methods', names: METHODS },
  { heading: 'Events', names: EVENTS },
  { heading: 'Answers', names: ANSWERS },
])('the table of $heading', ({ heading, names }) => {
  it('has every name of the model, once', () => {
    expect(namesOf(tested(heading))).toEqual(Object.keys(names).toSorted())
  })

  it('has no dash without its reason', () => {
    expect(tested(heading).filter((cells) => cells.some((cell) => /^–(?!: \S)/.test(cell)))).toEqual([])
  })

  it.each(tested(heading).map(([name = '', codecs, , standIn, test = '']) => ({ name, codecs, standIn, test })))(
    'names a test of $name that there is, and that is about it',
    ({ name, codecs, standIn, test }) => {
      expect(codecs).toMatch(/^(yes|by name)/)
      expect(standIn).toMatch(/^(yes|no)\b/)
      expect(test).toMatch(/^test\/[\w/-]+\.test\.ts$/)
      expect(existsSync(join(ROOT, test))).toBe(true)
      // What codec.test.ts is about is made by arbitrary.ts.
      const source = test.endsWith('/codec.test.ts') ? 'test/cwa/arbitrary.ts' : test
      expect(readFileSync(join(ROOT, source), 'utf8')).toMatch(new RegExp(`\\b${name}\\b`))
    },
  )
})

describe.each(['Methods', 'Events'] as const)('the list of %s that no source shows', (heading) => {
  it('has each that a source names, with what is known of it', () => {
    const listed = rows(heading).filter(({ length }) => length === 2)

    expect(namesOf(listed)).toEqual(UNKNOWN[heading])
    for (const [, known = ''] of listed) expect(known.length).toBeGreaterThan(10)
  })
})
