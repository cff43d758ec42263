/** From the first minute after midnight up to, but not including, the other: over midnight where that is the earlier one. */
export interface QuietHours {
  readonly from: number
  readonly to: number
}

/** What is offered first. */
export const NIGHT: QuietHours = { from: 22 * 60, to: 7 * 60 }

/** Quiet hours that end as they begin are none: nobody wants silence for good by a slip. */
export function isQuiet(hours: QuietHours | undefined, minute: number): boolean {
  if (hours === undefined) return false
  const { from, to } = hours
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to
}

/**
 * What a clock on the wall says, in minutes after midnight. In the night in which summer time begins an hour of it does not come,
 * and in the one in which it ends an hour comes twice.
 *
 * @param at epoch milliseconds
 * @param timeZone such as `Europe/Berlin`; absent: where the browser is now
 */
export function minuteOfDay(at: number, timeZone?: string): number {
  const parts = new Intl.DateTimeFormat('en', { hour: 'numeric', minute: 'numeric', hourCycle: 'h23', timeZone })
  const found = Object.fromEntries(parts.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  return (found['hour'] ?? 0) * 60 + (found['minute'] ?? 0)
}

/** `07:05`, as a field for a time has it. */
export function clockTime(minute: number): string {
  return [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':')
}

/** The minutes after midnight of such a text; undefined where it is none. */
export function minuteIn(text: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)/.exec(text) ?? []
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes)
}
