import middy from '@middy/core'
import type { Configuration } from '../../shared/store/configuration.ts'
import type { Action } from '../../shared/wire/actions.ts'
import type { DeviceFrameOf, ServiceFrame } from '../../shared/wire/frames.ts'
import { observed } from './logged.ts'
import { sealing, type RouteEvent, type Told } from './sealing.ts'

/**
 * A Lambda handler for one route: the story gets the opened frame, and what it returns goes back sealed. Where it
 * returns undefined, nothing goes back.
 */
export function route<A extends Action>(
  action: A,
  configuration: Configuration,
  story: (told: Told<DeviceFrameOf<A>>) => Promise<ServiceFrame | undefined>,
) {
  return middy<RouteEvent>()
    .use(observed())
    .use(sealing(action, configuration))
    .handler(async ({ told }: RouteEvent) => {
      // The envelope has checked that the frame is of this action.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return story(told as unknown as Told<DeviceFrameOf<A>>)
    })
}
