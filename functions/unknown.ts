import middy from '@middy/core'
import { Refusal } from '../shared/rules/refusal.ts'
import { ACTIONS } from '../shared/wire/actions.ts'
import { observed } from './envelope/logged.ts'
import { envelope, type GatewayEvent } from './envelope/envelope.ts'
import { configurationStore } from './wiring/stores.ts'

/** `$default`: a message that no route takes is refused in words that say what would be. */
export const handler = middy<GatewayEvent>()
  .use(observed())
  .use(envelope(undefined, configurationStore()))
  .handler(async ({ body }: GatewayEvent) => {
    const accepted = ACTIONS.join(', ')
    if (!isJson(body)) {
      throw new Refusal('bad-frame', { reason: `expected JSON text {"action", "frame"}, action one of ${accepted}` })
    }
    throw new Refusal('unknown-action', { reason: `action: expected one of ${accepted}` })
  })

function isJson(body: string | undefined): boolean {
  try {
    JSON.parse(body ?? '')
    return true
  } catch {
    return false
  }
}
