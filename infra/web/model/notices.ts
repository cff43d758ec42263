import type { Words } from '../words/en.ts'
import { nameOf, type People } from './person.ts'
import { isQuiet, type QuietHours } from './quiet-hours.ts'
import type { Entry, Talk } from './talk.ts'
import type { Talks } from './talks.ts'
import { titleOf } from './title.ts'

/** How much of a message stands in a notification, for all who see the screen: also a locked one. */
export const SHOWN = ['text', 'sender', 'nothing'] as const

/** What the user set on notifications. */
export interface NoticeSettings {
  readonly on: boolean
  readonly shows: (typeof SHOWN)[number]
  /** `undefined`: none. */
  readonly quiet?: QuietHours | undefined
  /** The language of the page, for what the service worker says. */
  readonly language: string
}

/** A conversation in which something was said that the user has not been notified of. */
export interface News {
  readonly talk: Talk
  /** The oldest first; at least one. */
  readonly entries: readonly Entry[]
}

/** A notification. A later one with the same tag takes the place of an earlier one. */
export interface Notice {
  readonly tag: string
  /** The conversation that it leads to. */
  readonly talk?: string
  readonly title: string
  readonly body: string
}

export interface NoticeOptions {
  readonly people: People
  readonly settings: Pick<NoticeSettings, 'shows' | 'quiet'>
  /** The minute of the day, on the clock of where the user is. */
  readonly minute: number
  readonly words: Words
}

/** As much of a text as a notification has room for, in characters. */
const LONGEST = 200

/** What others said between two states of the conversations. What the user said on another device is no news. */
export function newsIn(before: Talks, after: Talks): readonly News[] {
  const known = new Map(before.map((talk) => [talk.id, new Set(talk.entries.map(({ id }) => id))]))
  return after
    .map((talk) => ({
      talk,
      entries: talk.entries.filter((entry) => isNews(entry) && !known.get(talk.id)?.has(entry.id)),
    }))
    .filter(({ entries }) => entries.length > 0)
}

/** What is shown of news: one for each conversation, nothing of those that are muted, and nothing at all in quiet hours. */
export function noticesOf(news: readonly News[], options: NoticeOptions): readonly Notice[] {
  const { settings, minute, words } = options
  const told = news.filter(({ talk }) => talk.muted !== true)
  if (told.length === 0 || isQuiet(settings.quiet, minute)) return []
  if (settings.shows === 'nothing') return [somethingWaits(words)]
  return told.map((each) => noticeOf(each, options))
}

/** What says that there is something, and no more. */
export function somethingWaits({ title, notices }: Words): Notice {
  return { tag: 'waits', title, body: notices.waits }
}

function noticeOf({ talk, entries }: News, { people, settings, words }: NoticeOptions): Notice {
  const { id } = talk
  const last = entries.at(-1)
  const title = titleOf(talk, people)
  const count = Math.max(talk.unread, entries.length)
  const place = { tag: id, talk: id, title: count > 1 ? `${title} (${count})` : title }
  if (settings.shows === 'sender' || last === undefined) return { ...place, body: words.notices.newMessages(count) }
  return { ...place, body: shortened(textOf(last, talk, people, words)) }
}

function textOf(entry: Entry, { isGroup }: Talk, people: People, words: Words): string {
  if (entry.kind === 'note') return words.notes[entry.note](entry.who === undefined ? '' : nameOf(people, entry.who))
  return entry.kind === 'heard' && isGroup ? `${nameOf(people, entry.from)}: ${entry.text}` : entry.text
}

function isNews(entry: Entry): boolean {
  return entry.kind === 'note' ? entry.note === 'invited' : entry.kind === 'heard' && entry.own !== true
}

function shortened(text: string): string {
  const letters = Array.from(text)
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join('')}…` : text
}
