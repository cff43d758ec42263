import type { MiddlewareObj } from '@middy/core'
import type { Connections } from '../../shared/gateway/connections.ts'
import type { ServiceFrame } from '../../shared/wire/frames.ts'
import { log, why } from './log.ts'
import { NOTHING_TO_SAY, type GatewayReply, type RouteEvent } from './envelope.ts'

type Posted = MiddlewareObj<RouteEvent, ServiceFrame | GatewayReply | undefined>

/**
 * For a route without a route response: whatever the envelope made of the answer or the refusal goes over @connections.
 * Most answers of such a route are none, and over a two-way route each of these may reach the device as an empty message,
 * which is billed as any other (https://github.com/serverless/serverless/issues/6816; AWS's documents do not say).
 *
 * @param gateway asked for with the first answer: most environments never post
 */
export function posted(gateway: () => Connections): Posted {
  let connections: Connections | undefined
  const post: NonNullable<Posted['after']> = async (request) => {
    const { event, response } = request
    if (!response || !('body' in response) || response.body === undefined) return
    request.response = NOTHING_TO_SAY
    connections ??= gateway()
    // A device that asked for it finds out by itself that nothing came; what it said was heard.
    await connections.post(event.requestContext.connectionId, response.body).catch((thrown: unknown) => {
      log('answer not posted', { connection: event.requestContext.connectionId, why: why(thrown) })
    })
  }
  return { after: post, onError: post }
}
