import { isDeepStrictEqual } from 'node:util'
import * as v from 'valibot'
import type { UnreadParts } from '../../upstream/unread.ts'

/**
 * Reading what a server sends, which may be newer than this project, or another product: the smallest part with which
 * the rest cannot be read is taken away, and noted. Strict stay `ackId` and `sid`, as in XML.
 */

/** What stands for a part that is needed and cannot be read, by its member and the member it is in. */
const STANDS_FOR: Readonly<Record<string, unknown>> = {
  content: '',
  message: { content: '' },
  messageId: '',
  fullList: false,
  groups: [],
  contacts: [],
  users: [],
  categories: [],
  subscribers: [],
  containers: [],
  members: [],
  // A state of another type, or without its number: the category is not empty.
  value: { type: 'unread' },
  // dd572614: 18400 is "internal failure", all that can be said of a failure without an error.
  error: { code: 18400 },
  'error.code': 18400,
  // bb969542's defaults.
  refreshInterval: 60,
  timeout: 120,
}

/** Rounds of taking away: each cuts one level deeper, and the deepest path of the protocol has eight members. */
const ROUNDS = 16

/**
 * `value` as the schema has it, without the parts that cannot be read.
 * @param place where it stands, for the note
 * @returns undefined where nothing is left of it
 */
export function readable<T>(
  value: unknown,
  schema: v.GenericSchema<unknown, T>,
  place: string,
  unread: UnreadParts,
): T | undefined {
  const rest: { whole?: unknown } = { whole: value }
  const whole = v.object({ whole: schema })
  for (let round = 0; round < ROUNDS; round += 1) {
    const outcome = v.safeParse(whole, rest)
    if (outcome.success) return outcome.output.whole
    const shortened = new Set<unknown[]>()
    for (const issue of outcome.issues) {
      const isMissing = issue.received === 'undefined'
      // Later on, what is missing is what was just taken away.
      if (takenAway(rest, keysOf(issue), shortened) && (round === 0 || !isMissing)) unread.note(wordsOf(issue, place))
    }
    for (const list of shortened) list.splice(0, list.length, ...list.filter((each) => each !== GONE))
    if (!('whole' in rest)) return undefined
  }
  return undefined
}

/** Keeps the place of what is taken out of a list until all that is wrong in the list is known. */
const GONE = Symbol('gone')

const keysOf = (issue: v.BaseIssue<unknown>): readonly string[] =>
  (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? String(key) : typeof key === 'string' ? key : ''))

function wordsOf(issue: v.BaseIssue<unknown>, place: string): string {
  const where = [place, ...keysOf(issue).slice(1)].join('.')
  const expected = issue.received === 'undefined' ? 'there' : (issue.expected ?? 'something else')
  return `the JSON is not readable: ${where} should be ${expected}`
}

/**
 * Puts what stands for it in the place of the part, or takes it out; of a part that is not there, and for which nothing
 * stands, what it is missing from. @returns whether anything was there to be changed
 */
function takenAway(rest: object, path: readonly string[], shortened: Set<unknown[]>): boolean {
  const name = path.at(-1)
  const holder = path.slice(0, -1).reduce<unknown>((within, each) => Object(within)[each], rest)
  if (name === undefined || typeof holder !== 'object' || holder === null) return false
  if (Array.isArray(holder)) {
    // A list where an object should be.
    if (!Object.hasOwn(holder, name)) return takenAway(rest, path.slice(0, -1), shortened)
    shortened.add(holder)
    const isThere = holder[Number(name)] !== GONE
    holder[Number(name)] = GONE
    return isThere
  }
  const standsFor = STANDS_FOR[`${path.at(-2)}.${name}`] ?? STANDS_FOR[name]
  const isThere = Object.hasOwn(holder, name)
  if (standsFor !== undefined && !isDeepStrictEqual(Object(holder)[name], standsFor)) {
    return Reflect.set(holder, name, structuredClone(standsFor))
  }
  return isThere ? Reflect.deleteProperty(holder, name) : takenAway(rest, path.slice(0, -1), shortened)
}
