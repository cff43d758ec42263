import type { Command } from 'commander'
import { isIdle, type Seat } from '../../../shared/rules/seat.ts'
import type { Settings } from '../../../shared/rules/settings.ts'
import type { Attend } from '../attend.ts'
import type { AdminContext } from '../context.ts'
import { roughly } from '../words/duration.ts'
import { endSessions } from './ending.ts'
import { examples } from './examples.ts'
import { takenSeats } from '../words/taken.ts'
import { belongsTo, checked, chosen, seatOf, type Whose } from '../words/whose.ts'

/** `--json` of `sessions list`. Nothing of a session upstream is shown: its ticket is a secret. */
export interface SessionsListed {
  readonly sessions: readonly SessionListed[]
}

export type SessionListed =
  | { readonly state: 'signing-in'; readonly session: string; readonly device: string; readonly leaseUntil: number }
  | {
      readonly state: 'open'
      readonly session: string
      readonly device: string
      readonly user: string
      readonly coverage: 'in' | 'out'
      /** Epoch milliseconds, as `leaseUntil` is. */
      readonly lastHeardAt: number
      /** Out of coverage, or silent past the idle timeout: it goes first when every seat is taken. */
      readonly idle: boolean
    }

/** `--json` of `sessions show`: beside what the list has, where it stands. */
export type SessionShown = SessionListed & {
  readonly seat: number
  readonly uri?: string
  readonly openedAt?: number
  /** The last batch of events that the device has. */
  readonly acked?: number
}

export async function listSessions(context: AdminContext, whose: Whose): Promise<void> {
  const { configuration, out, clock } = context
  const settings = await configuration.settings(clock.now())
  const found = (await takenSeats(context)).filter(belongsTo(whose))
  const sessions = found.map((seat) => listed(seat, settings, clock.now())).sort(byUser)
  const value: SessionsListed = { sessions }
  const rows = sessions.map((each) => row(each, clock.now()))
  out.result(value, sessions.length === 0 ? ['there are no sessions'] : out.table(HEADS, rows))
}

export async function showSession(context: AdminContext, id: string): Promise<void> {
  const { configuration, sessions, out, clock } = context
  const seat = await seatOf(context, id)
  const now = clock.now()
  const [settings, kept] = await Promise.all([configuration.settings(now), sessions.read(id)])
  const shown: SessionShown = {
    ...listed(seat, settings, now),
    seat: seat.number,
    ...(kept !== undefined && { uri: kept.uri, openedAt: kept.openedAt }),
    ...(seat.state === 'open' && { acked: seat.acked }),
  }
  const more = [
    ['seat', String(seat.number)],
    ['signed in as', shown.uri ?? '-'],
    ['open for', shown.openedAt === undefined ? '-' : roughly(now - shown.openedAt)],
    ['batches the device has', String(shown.acked ?? '-')],
  ]
  const known = HEADS.map((head, at) => [head, row(shown, now)[at] ?? ''])
  out.result(shown, out.table(['', ''], [...known, ...more]).slice(1))
}

const HEADS = ['session', 'user', 'device', 'state', 'silent for']

/** Logins under way have no user yet, and come last. */
function byUser(one: SessionListed, other: SessionListed): number {
  const [first, second] = [one, other].map((each) => (each.state === 'open' ? each.user.toLowerCase() : '\uFFFF'))
  return String(first).localeCompare(String(second), 'en') || one.device.localeCompare(other.device, 'en')
}

function row(session: SessionListed, now: number): readonly string[] {
  const { device, state } = session
  if (state === 'signing-in') return [session.session, '-', device, 'signing in', '-']
  const words = session.coverage === 'out' ? 'out of coverage' : 'in coverage'
  return [
    session.session,
    session.user,
    device,
    session.idle ? `${words}, idle` : words,
    roughly(now - session.lastHeardAt),
  ]
}

function listed(seat: Seat, { idleTimeoutMs = Infinity }: Settings, now: number): SessionListed {
  const { session, device } = seat
  if (seat.state === 'signing-in') return { state: 'signing-in', session, device, leaseUntil: seat.leaseUntil }
  const { user, coverage, lastHeardAt } = seat
  return { state: 'open', session, device, user, coverage, lastHeardAt, idle: isIdle(seat, now, idleTimeoutMs) }
}

export function sessionsCommands(program: Command, attend: Attend): void {
  const sessions = program.command('sessions').description('who is logged in').addHelpText('after', SESSIONS_HELP)
  sessions
    .command('list')
    .option('--user <NAME>', "only this user's")
    .option('--device <ID>', "only this device's")
    .description('all sessions')
    .addHelpText('after', examples('sessions list', `sessions list --user 'CONTOSO\\ann'`))
    .action((whose: Whose) => attend((context) => listSessions(context, checked(whose))))
  sessions
    .command('show')
    .argument('<ID>')
    .description('one session')
    .addHelpText('after', examples('sessions show 17-b0Jm3o2u9hQ5w1Zx'))
    .action((id: string) => attend((context) => showSession(context, id)))
  sessions
    .command('end')
    .argument('[ID]')
    .option('--user <NAME>', 'all of this user')
    .option('--device <ID>', 'that of this device')
    .description('ends sessions: asks first')
    .addHelpText('after', examples('sessions end 17-b0Jm3o2u9hQ5w1Zx', `sessions end --user 'CONTOSO\\ann' --yes`))
    .action((id: string | undefined, whose: Whose) =>
      attend(async (context) => endSessions(context, await chosen(context, id, whose))),
    )
}

const SESSIONS_HELP = `
A session that is ended frees its seat at once; its device learns it with the next frame that it sends.
The user can log in again, unless users deny says otherwise.
${examples('sessions list', `sessions end --user 'CONTOSO\\ann'`, 'sessions end --device ann-phone --yes')}`
