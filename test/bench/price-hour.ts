import { HAND_OVER_MS } from '../../functions/listening/listen.ts'
import { ANSWERED_EVERY } from '../../shared/device/session/heartbeat.ts'
import { AHEAD_MS } from '../../shared/device/line/coverage.ts'
import { GATEWAY_LIMITS } from '../../shared/rules/aws/gateway-limits.ts'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { filled, shared, type Hour, type Shared } from './price-fill.ts'
import { handoverOf, hourOf, type Listening } from './price-listening.ts'
import type { Single } from './price-operations.ts'
import { NOTHING, plus, times, type Count } from './prices.ts'

/** The sessions that one environment holds, and those of a hand-over that is counted. */
export const SESSIONS = 900
const FEW = 20
const HOUR_MS = 3_600_000

/** How often in an hour, for one idle session; hand-overs and ticks for one environment. */
const HOURLY = {
  statuses: HOUR_MS / DEFAULT_SETTINGS.statusIntervalMs,
  /** A device moves to another connection ahead of the gateway's two hours. */
  reconnects: HOUR_MS / (GATEWAY_LIMITS.lifetimeMs - AHEAD_MS),
  /** Most statuses are not answered; now and then a device wants to know that it is heard. */
  answers: HOUR_MS / (DEFAULT_SETTINGS.statusIntervalMs * ANSWERED_EVERY),
  /** An environment of upkeep lives for its timeout. */
  handovers: HOUR_MS / (900_000 - HAND_OVER_MS.startHeir),
  ticks: 60,
  /** CWA replaces a ticket that is ten minutes old (the stand-in's setting). */
  tickets: 6,
  /** A session is kept anew once a day: too seldom to be counted here. */
  kept: 1 / 24,
} as const

/** What listening takes with one session, and with SESSIONS. */
export interface Listened {
  readonly one: Listening
  readonly all: Listening
  readonly memoryMb: number
}

/** What an idle hour of one session takes beside listening. */
export function ownHour({ status, statusDown, reconnect }: Single): Readonly<Record<string, Count>> {
  const answers = { ...NOTHING, message: statusDown < 0.5 ? HOURLY.answers : 0 }
  return {
    'connection minutes': { ...NOTHING, connectionMinute: 60 },
    [`${HOURLY.statuses} statuses`]: plus(times(status, HOURLY.statuses), answers),
    'reconnecting ahead of 2 h': times(reconnect, HOURLY.reconnects),
    'kept anew once a day': { ...NOTHING, writeUnit: HOURLY.kept },
  }
}

/** What an hour of listening takes, by its parts. Counts hand-overs, with one session and with some. */
export async function listeningHour({ one, all, memoryMb }: Listened): Promise<Readonly<Record<string, Shared>>> {
  const each = shared(one.each, all.each, SESSIONS)
  const handedOver = [await handoverOf(1, one.each), await handoverOf(FEW, filled(each, FEW))] as const
  return {
    'listening: looks, renewals, its time': shared(hourOf(one.each, memoryMb), hourOf(all.each, memoryMb), SESSIONS),
    ticks: often(shared(one.tick, all.tick, SESSIONS), HOURLY.ticks),
    'hand-overs': often(shared(...handedOver, FEW), HOURLY.handovers),
  }
}

/** An idle hour of all its parts. */
export function wholeHour(
  own: Readonly<Record<string, Count>>,
  listening: Readonly<Record<string, Shared>>,
  { cold: { status, authorize, disconnect, poll } }: Single,
  cold: Count,
): Hour {
  return {
    listening: Object.values(listening).reduce(together),
    upkeep: { perHour: HOURLY.ticks + HOURLY.handovers, heirs: HOURLY.handovers, cold },
    session: plus(...Object.values(own)),
    routes: [
      { perHour: HOURLY.statuses, cold: status },
      ...[authorize, disconnect, poll].map((route) => ({ perHour: HOURLY.reconnects, cold: route })),
    ],
  }
}

/** An hour's new tickets of one session. How often CWA replaces them is not documented (reference: it does periodically). */
export function ticketsHour({ tickets }: Listening): Count {
  return times({ ...tickets, gbSecond: 0, gbSecondAtShare: 0, invocation: 0 }, HOURLY.tickets / SESSIONS)
}

const often = ({ environment, session }: Shared, perHour: number): Shared => ({
  environment: times(environment, perHour),
  session: times(session, perHour),
})

const together = (one: Shared, other: Shared): Shared => ({
  environment: plus(one.environment, other.environment),
  session: plus(one.session, other.session),
})
