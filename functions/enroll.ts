import { Refusal } from '../shared/rules/refusal.ts'
import { claimName, redeemerIn } from '../shared/wire/enrolment.ts'
import { log } from './envelope/log.ts'
import { route } from './envelope/route.ts'
import { configurationStore, redeemingStore } from './wiring/stores.ts'

const codes = redeemingStore()

/**
 * Redeems an enrolment code: the device gets its transport key, once. The frame was sealed by the code's key, so its
 * sender has the code; the claim inside tells this device from another that has it, too.
 */
export const handler = route('enroll', configurationStore(), async ({ frame, device: name, now }) => {
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
})
