import { roughly } from '../words/duration.ts'
import { ok, warning, wrong, type Finding } from './check.ts'

/** AWS refuses signatures that are further off (IAM user guide, "Signature Version 4"). */
const SIGNATURE_MS = 5 * 60_000
/** Tokens of devices may be this far off (shared/wire/token.ts). */
const TOKEN_MS = 30_000

/**
 * How far another clock is from this machine's.
 *
 * @param date the `Date` header of an answer (RFC 9110, 6.6.1), of a whole second
 * @param now epoch milliseconds when it came
 */
export function clockSkew(whose: string, date: string | undefined, now: number): Finding {
  const check = `clock of ${whose}`
  const at = Date.parse(date ?? '')
  if (Number.isNaN(at)) return warning(check, 'its answers do not say the time', 'compare the clocks by hand')
  const skew = Math.abs(now - at)
  if (skew <= TOKEN_MS) return ok(check, "agrees with this machine's")
  const says = `${roughly(skew)} ${at > now ? 'ahead of' : 'behind'} this machine's`
  const todo = 'set the clock of the machine that is wrong by NTP'
  return skew > SIGNATURE_MS ? wrong(check, says, todo) : warning(check, says, todo)
}
