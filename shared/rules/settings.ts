import { MOST_SEATS } from './seat.ts'

/** What an administrator sets. Durations in milliseconds. A member that is absent is not set. */
export interface Settings {
  /** Maximum simultaneous sessions. Not set: the persistent connections' total alone limits. */
  readonly maximumSessions?: number
  /** The timeout limit of the login: sessions silent for longer may be logged out when every seat is taken. */
  readonly idleTimeoutMs?: number
  /** Sessions silent for longer are ended, whether their seat is needed or not. */
  readonly inactivityTimeoutMs?: number
  /** The most sessions that the HTTP persistent connection to CWA holds: about 5,000 for one server. */
  readonly persistentConnections: number
  /** How often a device says that it is there. */
  readonly statusIntervalMs: number
  /** A message or invitation that its device has not acknowledged for this long has the device woken. */
  readonly wakeAfterMs: number
  /** The most batches of events that are kept for a device which does not acknowledge them. */
  readonly mailboxBatches: number
  /** The most bytes of events, as they are stored, that are kept for such a device. */
  readonly mailboxBytes: number
  /** Most sends of one session in a minute, in the long run: the service carries no flood. */
  readonly sendsPerMinute: number
  /** Most logins of one device in an hour, in the long run; as many at once, and LOGIN_BURST at most (pace.ts). */
  readonly loginsPerHour: number
  /** How many wrong passwords of one user are passed on in a row. CWA is asked twice for each: keep it below half of the lockout threshold. */
  readonly wrongPasswords: number
  /** How long the user's next sign-in waits then; doubles with each further wrong password. */
  readonly wrongPasswordWaitMs: number
}

/** In force where nothing is set. */
export const DEFAULT_SETTINGS: Settings = {
  persistentConnections: 5_000,
  statusIntervalMs: 240_000,
  wakeAfterMs: 60_000,
  mailboxBatches: 500,
  mailboxBytes: 262_144,
  sendsPerMinute: 120,
  loginsPerHour: 60,
  wrongPasswords: 4,
  wrongPasswordWaitMs: 15 * 60_000,
}

interface Range {
  readonly least?: number
  readonly most?: number
}

/** What is accepted of each setting by itself. */
const ACCEPTED: Readonly<Record<keyof Settings, Range>> = {
  maximumSessions: {},
  idleTimeoutMs: {},
  inactivityTimeoutMs: {},
  persistentConnections: { most: MOST_SEATS },
  statusIntervalMs: {},
  // A device in coverage acknowledges within 15 s: with less than twice that it would be woken while it is awake.
  wakeAfterMs: { least: 30_000 },
  // With fewer, one busy conversation would cut the backlog of a device that is away for a minute.
  mailboxBatches: { least: 10, most: 5_000 },
  // One batch (BATCH_CHARACTERS, of at most 3 bytes in UTF-8) must fit, and half of it into one item of DynamoDB (400 KB).
  mailboxBytes: { least: 65_536, most: 524_288 },
  // With fewer, people who type would be kept waiting.
  sendsPerMinute: { least: 10 },
  loginsPerHour: {},
  wrongPasswords: {},
  // With less, somebody who guesses would hardly be slowed down.
  wrongPasswordWaitMs: { least: 60_000 },
}

/** What is wrong with these settings, each in words that say what would be accepted. Empty: nothing. */
export function contradictions(settings: Settings): string[] {
  const { maximumSessions, idleTimeoutMs, inactivityTimeoutMs, persistentConnections, statusIntervalMs } = settings
  const twoStatuses = 2 * statusIntervalMs
  return [
    ...outOfRange(settings),
    ...(maximumSessions !== undefined && maximumSessions > persistentConnections
      ? [`maximumSessions is ${maximumSessions}: at most persistentConnections (${persistentConnections}) is accepted`]
      : []),
    ...(idleTimeoutMs !== undefined && idleTimeoutMs < twoStatuses
      ? [`idleTimeoutMs is ${idleTimeoutMs}: at least two status intervals (${twoStatuses}) is accepted`]
      : []),
    ...(inactivityTimeoutMs !== undefined && inactivityTimeoutMs < twoStatuses
      ? [`inactivityTimeoutMs is ${inactivityTimeoutMs}: at least two status intervals (${twoStatuses}) is accepted`]
      : []),
  ]
}

function outOfRange(settings: Settings): string[] {
  const set = new Map<string, number>(Object.entries(settings))
  return Object.entries(ACCEPTED).flatMap(([name, { least = 1, most = Number.MAX_SAFE_INTEGER }]) => {
    const value = set.get(name)
    if (value === undefined || (Number.isSafeInteger(value) && value >= least && value <= most)) return []
    const upTo = most === Number.MAX_SAFE_INTEGER ? 'up' : `to ${most}`
    return [`${name} is ${value}: a whole number from ${least} ${upTo} is accepted`]
  })
}

/** Whether a session must end because its device was silent for too long. */
export function isInactive(lastHeardAt: number, now: number, { inactivityTimeoutMs }: Settings): boolean {
  return inactivityTimeoutMs !== undefined && now - lastHeardAt > inactivityTimeoutMs
}
