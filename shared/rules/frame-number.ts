/**
 * How far above the service's clock a frame's number may be, in milliseconds: a hundred years. Numbers are a device's own
 * epoch milliseconds, and its clock may be wrong by years; but whatever it says once, it must go on above that for ever.
 *
 *   device   login 2^53 - 1 ✔ ─ no number is above it: no frame of this device counts any more
 *   device   login 2^53 - 1 ✘ ─ login, by its clock ✔
 *
 * The bound moves by one each millisecond: a device that has used it up goes on with the next number, always.
 */
const NUMBER_AHEAD_MS = 100 * 366 * 24 * 60 * 60_000

/** Whether a device that says this number, at this moment of the service's clock, can go on above it. */
export function leavesRoom(number: number, now: number): boolean {
  return number <= now + NUMBER_AHEAD_MS
}
