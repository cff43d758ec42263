import { wallClock } from '../shared/clock.ts'
import { route } from './envelope/route.ts'
import { send } from './session/send.ts'
import { configurationStore, sessionStores } from './wiring/stores.ts'
import { upstreamHere } from './wiring/upstream.ts'
import { warmUp } from './wiring/warm-up.ts'

const configuration = configurationStore()
const upstream = upstreamHere()

/** Carries what a device asks for up to the server, once. functions/session/send.ts tells the story. */
export const handler = route('send', configuration, send({ ...sessionStores(), configuration, upstream }))

await warmUp(configuration.settings(wallClock.now()), upstream.warmUp?.())
