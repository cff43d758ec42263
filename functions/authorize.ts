import middy from '@middy/core'
import { authorize, type ConnectEvent } from './envelope/authorize.ts'
import { logged } from './envelope/logged.ts'
import { configurationStore } from './wiring/stores.ts'
import { warmUp } from './wiring/warm-up.ts'

/** The authorizer of `$connect`. functions/envelope/authorize.ts tells its story. */
export const handler = middy<ConnectEvent>().use(logged('authorize')).handler(authorize(configurationStore()))

await warmUp()
