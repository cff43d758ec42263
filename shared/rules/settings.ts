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
  /** Most sends of one session in a minute, in the long run: the service carries no flood. */
  readonly sendsPerMinute: number
  /** Most logins of one device in an hour, in the long run; LOGIN_BURST of them at once. */
  readonly loginsPerHour: number
  /** How many wrong passwords of one user are passed on in a row. CWA is asked twice for each: keep it below half of the lockout threshold. */
  readonly wrongPasswords: number
  /** How long the user's next sign-in waits then; doubles with each further wrong password. */
  readonly wrongPasswordWaitMs: number
}

export const DEFAULT_SETTINGS: Settings = {
  persistentConnections: 5_000,
  statusIntervalMs: 240_000,
  sendsPerMinute: 120,
  loginsPerHour: 60,
  wrongPasswords: 4,
  wrongPasswordWaitMs: 15 * 60_000,
}

/** Fewest sends a minute that may be set: below, people who type would be kept waiting. */
const LEAST_SENDS = 10

/** What is wrong with these settings, each in words that say what would be accepted. Empty: nothing. */
export function contradictions(settings: Settings): string[] {
  const { maximumSessions, idleTimeoutMs, inactivityTimeoutMs, persistentConnections, statusIntervalMs } = settings
  const { sendsPerMinute, wrongPasswordWaitMs } = settings
  const twoStatuses = 2 * statusIntervalMs
  return [
    ...Object.entries(settings)
      .filter(([, value]) => !Number.isSafeInteger(value) || value < 1)
      .map(([name, value]) => `${name} is ${value}: a whole number from 1 up is accepted`),
    ...(persistentConnections > MOST_SEATS
      ? [`persistentConnections is ${persistentConnections}: at most ${MOST_SEATS} is accepted`]
      : []),
    ...(maximumSessions !== undefined && maximumSessions > persistentConnections
      ? [`maximumSessions is ${maximumSessions}: at most persistentConnections (${persistentConnections}) is accepted`]
      : []),
    ...(idleTimeoutMs !== undefined && idleTimeoutMs < twoStatuses
      ? [`idleTimeoutMs is ${idleTimeoutMs}: at least two status intervals (${twoStatuses}) is accepted`]
      : []),
    ...(inactivityTimeoutMs !== undefined && inactivityTimeoutMs < twoStatuses
      ? [`inactivityTimeoutMs is ${inactivityTimeoutMs}: at least two status intervals (${twoStatuses}) is accepted`]
      : []),
    ...(sendsPerMinute < LEAST_SENDS
      ? [`sendsPerMinute is ${sendsPerMinute}: at least ${LEAST_SENDS} is accepted`]
      : []),
    ...(wrongPasswordWaitMs < 60_000
      ? [`wrongPasswordWaitMs is ${wrongPasswordWaitMs}: at least a minute (60000) is accepted`]
      : []),
  ]
}

/** Whether a session must end because its device was silent for too long. */
export function isInactive(lastHeardAt: number, now: number, { inactivityTimeoutMs }: Settings): boolean {
  return inactivityTimeoutMs !== undefined && now - lastHeardAt > inactivityTimeoutMs
}
