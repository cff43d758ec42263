import middy from '@middy/core'
import type { Connections } from '../../shared/gateway/connections.ts'
import type { Configuration } from '../../shared/store/configuration/configuration.ts'
import type { Action } from '../../shared/wire/actions.ts'
import type { DeviceFrameOf, ServiceFrame } from '../../shared/wire/frames.ts'
import { posted } from './posted.ts'
import { observed } from './logged.ts'
import { envelope, type RouteEvent, type Request } from './envelope.ts'

type Story<A extends Action> = (request: Request<DeviceFrameOf<A>>) => Promise<ServiceFrame | undefined>

/**
 * A Lambda handler for one route: the story gets the opened frame, and what it returns goes back sealed. Where it
 * returns undefined, nothing goes back.
 */
export function route<A extends Action>(action: A, configuration: Configuration, story: Story<A>) {
  return middy<RouteEvent>().use(observed()).use(envelope(action, configuration)).handler(answering(story))
}

/** The same for a route without a route response (infra/cdk/api.ts): what is to be said is posted. */
export function oneWayRoute<A extends Action>(
  action: A,
  configuration: Configuration,
  gateway: () => Connections,
  story: Story<A>,
) {
  return middy<RouteEvent>()
    .use(observed())
    .use(posted(gateway))
    .use(envelope(action, configuration))
    .handler(answering(story))
}

function answering<A extends Action>(story: Story<A>) {
  return async ({ request }: RouteEvent) => {
    // The envelope has checked that the frame is of this action.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return story(request as unknown as Request<DeviceFrameOf<A>>)
  }
}
