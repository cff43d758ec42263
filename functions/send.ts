import { route } from './parts/route.ts'
import { sending } from './parts/sending.ts'
import { configurationStore, sessionStores } from './parts/stores.ts'
import { upstream } from './parts/upstream.ts'

const configuration = configurationStore()

/** Carries what a device asks for up to CWA, once. The story is in parts/sending.ts, where a simulation tells it, too. */
export const handler = route('send', configuration, sending({ ...sessionStores(), configuration, cwa: upstream() }))
