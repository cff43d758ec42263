import middy from '@middy/core'
import { envelope, type GatewayEvent } from './envelope/envelope.ts'
import { observed } from './envelope/logged.ts'
import { unknownAction } from './envelope/unknown-action.ts'
import { configurationStore } from './wiring/stores.ts'

/** `$default`: what no other route takes. functions/envelope/unknown-action.ts tells what it is answered. */
export const handler = middy<GatewayEvent>()
  .use(observed())
  .use(envelope(undefined, configurationStore()))
  .handler(async ({ body }: GatewayEvent) => unknownAction(body))
