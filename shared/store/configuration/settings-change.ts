import { contradictions, DEFAULT_SETTINGS, type Settings } from '../../rules/settings.ts'
import type { Expression, Key, Table } from '../table.ts'

/** A change of the settings is done, or somebody else changed them since they were read, or they would contradict each other. */
export type Changed =
  | { readonly done: true }
  | { readonly done: false; readonly because: 'changed-meanwhile' }
  | { readonly done: false; readonly because: 'contradiction'; readonly contradictions: readonly string[] }

export const SETTINGS_KEY = { pk: 'SETTINGS', sk: '-' } as const

export type SettingsItem = Partial<Settings> & Key

/** The settings there are: a record, so that none can be left out. */
const NAMES: Readonly<Record<keyof Settings, true>> = {
  maximumSessions: true,
  idleTimeoutMs: true,
  inactivityTimeoutMs: true,
  persistentConnections: true,
  statusIntervalMs: true,
  wakeAfterMs: true,
  mailboxBatches: true,
  mailboxBytes: true,
  sendsPerMinute: true,
  loginsPerHour: true,
  wrongPasswords: true,
  wrongPasswordWaitMs: true,
}

/*
 *   administrator A   read ──────────── change idleTimeoutMs ✔
 *   administrator B        read ─────────────────── change statusIntervalMs ✘ AS_READ    two changes that contradict each
 *                                                                                        other, each right by itself
 */
const AS_READ = (name: string, isSet: boolean) =>
  isSet ? `#${name} = :read_${name}` : `attribute_not_exists(#${name})`

/**
 * Writes the settings that differ, if all of them are as they were read.
 *
 * @param read what `settingsIn` found set; @param to what is to be set, and nothing else
 */
export async function change(table: Table, read: Partial<Settings>, to: Partial<Settings>): Promise<Changed> {
  const wrong = contradictions({ ...DEFAULT_SETTINGS, ...to })
  if (wrong.length > 0) return { done: false, because: 'contradiction', contradictions: wrong }
  const former = new Map<string, number>(Object.entries(read))
  const next = new Map<string, number>(Object.entries(to))
  const update = difference(former, next)
  if (update === undefined) return { done: true }

  const written = await table.update<SettingsItem>(SETTINGS_KEY, update, asRead(former))
  // A lost answer makes the SDK write again, and finds what it wrote itself.
  if (written.done || isSame(settingsIn(written.found), next)) return { done: true }
  return { done: false, because: 'changed-meanwhile' }
}

/** What is set in the item; all that it has beside its key. */
export function settingsIn(item: SettingsItem | undefined): Partial<Settings> {
  const { pk: _pk, sk: _sk, ...set } = item ?? { pk: '', sk: '' }
  return set
}

type Numbers = ReadonlyMap<string, number>

function difference(former: Numbers, next: Numbers): Expression | undefined {
  const set = [...next].filter(([name, value]) => former.get(name) !== value)
  const unset = [...former.keys()].filter((name) => !next.has(name))
  const clauses = [
    ...(set.length > 0 ? [`SET ${set.map(([name]) => `#${name} = :to_${name}`).join(', ')}`] : []),
    ...(unset.length > 0 ? [`REMOVE ${unset.map((name) => `#${name}`).join(', ')}`] : []),
  ]
  if (clauses.length === 0) return undefined
  return { text: clauses.join(' '), values: Object.fromEntries(set.map(([name, value]) => [`:to_${name}`, value])) }
}

function asRead(former: Numbers): Expression {
  const names = new Set([...Object.keys(NAMES), ...former.keys()])
  return {
    text: [...names].map((name) => AS_READ(name, former.has(name))).join(' AND '),
    values: Object.fromEntries([...former].map(([name, value]) => [`:read_${name}`, value])),
  }
}

function isSame(found: Partial<Settings>, wanted: Numbers): boolean {
  const entries = Object.entries(found)
  return entries.length === wanted.size && entries.every(([name, value]) => wanted.get(name) === value)
}
