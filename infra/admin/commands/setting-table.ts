import type { Settings } from '../../../shared/rules/settings.ts'
import { DURATION_WORDS, parseDuration, printDuration } from '../words/duration.ts'
import { wrongUse } from '../fault.ts'

export type SettingName = keyof Settings

interface Kind {
  readonly kind: 'count' | 'duration'
  readonly meaning: string
}

/** The settings that there are, for people. What they mean to the service is in shared/rules/settings.ts. */
export const SETTINGS = {
  maximumSessions: { kind: 'count', meaning: 'most sessions at once; not set: persistentConnections alone limits' },
  idleTimeoutMs: { kind: 'duration', meaning: 'silent for longer: may be logged out for another; not set: none is' },
  inactivityTimeoutMs: { kind: 'duration', meaning: 'silent for longer: is ended; not set: never' },
  persistentConnections: { kind: 'count', meaning: 'most sessions that the connection to the server upstream holds' },
  statusIntervalMs: { kind: 'duration', meaning: 'how often a device says that it is there' },
  wakeAfterMs: { kind: 'duration', meaning: 'a message unacknowledged for this long wakes the device' },
  mailboxBatches: { kind: 'count', meaning: 'most batches of events kept for a device that is away' },
  mailboxBytes: { kind: 'count', meaning: 'most bytes of events kept for a device that is away' },
  sendsPerMinute: { kind: 'count', meaning: 'most sends of one session in a minute' },
  loginsPerHour: {
    kind: 'count',
    meaning: 'most logins of one device in an hour, in the long run; at once as many, and ten at most',
  },
  wrongPasswords: {
    kind: 'count',
    meaning: 'wrong passwords of a user before sign-ins wait; below half of the lockout threshold',
  },
  wrongPasswordWaitMs: {
    kind: 'duration',
    meaning: 'how long they wait then; doubles with each further one; users unlock ends it',
  },
} as const satisfies Record<SettingName, Kind>

// Object.keys forgets which keys there are.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[]

/** @throws AdminFault (wrong use) when there is no setting of this name */
export function settingName(text: string): SettingName {
  const name = SETTING_NAMES.find((each) => each === text)
  if (name === undefined) throw wrongUse(`there is no setting ${text}; there are ${SETTING_NAMES.join(', ')}`)
  return name
}

/**
 * Reads `maximumSessions=100`, `idleTimeoutMs=10m`.
 * @throws AdminFault (wrong use) that says what is accepted
 */
export function assignment(text: string): readonly [SettingName, number] {
  const at = text.indexOf('=')
  if (at === -1) throw wrongUse(`${text}: NAME=VALUE is accepted, such as maximumSessions=100 or idleTimeoutMs=10m`)
  const name = settingName(text.slice(0, at))
  const value = valueIn(name, text.slice(at + 1))
  if (value !== undefined) return [name, value]
  const accepted = SETTINGS[name].kind === 'duration' ? DURATION_WORDS : 'a whole number'
  throw wrongUse(`${text}: accepted is ${accepted}`)
}

function valueIn(name: SettingName, text: string): number | undefined {
  if (SETTINGS[name].kind === 'duration') return parseDuration(text)
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

export function printSetting(name: SettingName, value: number): string {
  return SETTINGS[name].kind === 'duration' ? printDuration(value) : String(value)
}
