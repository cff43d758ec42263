import { route } from './envelope/route.ts'
import { sending } from './session/send.ts'
import { configurationStore, sessionStores } from './wiring/stores.ts'
import { upstream } from './wiring/upstream.ts'

const configuration = configurationStore()

/** Carries what a device asks for up to CWA, once. The story is in functions/session/send.ts, where a simulation tells it, too. */
export const handler = route('send', configuration, sending({ ...sessionStores(), configuration, cwa: upstream() }))
