import { route } from './envelope/route.ts'
import { enroll } from './session/enroll.ts'
import { configurationStore, redeemingStore } from './wiring/stores.ts'

/** Redeems an enrolment code. functions/session/enroll.ts tells the story. */
export const handler = route('enroll', configurationStore(), enroll(redeemingStore()))
