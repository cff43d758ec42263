import { errors, jwtVerify } from 'jose'
import type { Expected, Verdict } from '../../functions/envelope/token-verdict.ts'
import { CLOCK_SKEW_S, HEADER_MEMBERS, TOKEN_LIFE_S } from '../../shared/wire/token.ts'
import { tokenKey } from '../../shared/wire/transport-key.ts'

/** What functions/envelope/token-verdict.ts stands for: the same verdict by the library jose, which is not ours. */
export async function joseVerdict(
  token: string,
  { device: subject, audiences }: Expected,
  transportKey: Uint8Array,
  now: number,
): Promise<Verdict> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, await tokenKey(transportKey), {
      algorithms: ['HS256'],
      subject,
      audience: [...audiences],
      requiredClaims: ['exp', 'iat'],
      maxTokenAge: TOKEN_LIFE_S,
      clockTolerance: CLOCK_SKEW_S,
      currentDate: new Date(now),
    })
    const { exp = Infinity, iat = 0 } = payload
    const isPlain = Object.keys(protectedHeader).every((name) => HEADER_MEMBERS.has(name))
    return { genuine: isPlain && exp - iat <= TOKEN_LIFE_S }
  } catch (thrown) {
    return { genuine: false, ...offBy(thrown, now) }
  }
}

/** The library looks at the signature first, at subject and audience then, and at the time last. */
function offBy(thrown: unknown, now: number): { offByS?: number } {
  const isTime =
    thrown instanceof errors.JWTExpired ||
    (thrown instanceof errors.JWTClaimValidationFailed && ['exp', 'iat', 'nbf'].includes(thrown.claim))
  const issuedAt = isTime ? thrown.payload.iat : undefined
  return typeof issuedAt === 'number' ? { offByS: Math.round(issuedAt - now / 1000) } : {}
}
