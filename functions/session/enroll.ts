import { Refusal } from '../../shared/rules/refusal.ts'
import type { Redeeming } from '../../shared/store/configuration/enrolment.ts'
import { claimName, redeemerIn } from '../../shared/wire/enrolment.ts'
import type { DeviceFrameOf, ServiceFrame } from '../../shared/wire/frames.ts'
import type { Request } from '../envelope/envelope.ts'
import { log } from '../envelope/log.ts'

/**
 * The story of an enrolment: the device redeems its code and gets its transport key, once. The code's key sealed the
 * frame, so its sender has the code; the claim inside tells this device from another one that has it, too.
 */
export function enroll(codes: Redeeming) {
  return async ({ frame, device: name, now }: Request<DeviceFrameOf<'enroll'>>): Promise<ServiceFrame> => {
    const redeemer = redeemerIn(name)
    if (redeemer === undefined || (await claimName(frame.claim)) !== redeemer.claim) throw new Refusal('not-enrolled')
    const { device, codeId: code } = redeemer

    const redeemed = await codes.redeem(redeemer, now)
    if ('no' in redeemed) {
      log('not enrolled', { device, code, why: redeemed.no })
      throw new Refusal('not-enrolled')
    }
    log('enrolled', { device, code })
    return { type: 'enrolled', device, ...redeemed }
  }
}
