import { route } from './envelope/route.ts'
import { logOut } from './session/log-out.ts'
import { groupingHere } from './wiring/grouping.ts'
import { configurationStore, sessionStores } from './wiring/stores.ts'
import { signOutOnlyHere } from './wiring/upstream.ts'

/** Ends a session because its user asked for it. functions/session/log-out.ts tells the story. */
export const handler = route(
  'logout',
  configurationStore(),
  logOut({ ...sessionStores(), grouping: groupingHere(), upstream: signOutOnlyHere() }),
)
