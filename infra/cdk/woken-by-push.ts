import type { Stack } from 'aws-cdk-lib'
import { Rule, type EventBus } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import type { Function as Handler } from 'aws-cdk-lib/aws-lambda'
import { WAKING_DETAIL_TYPE, WAKING_SOURCE } from '../../functions/listening/waking-event.ts'
import { PUSHED_LATER } from './started-later.ts'

/** Has the bus start the function for each device to wake. A team's own rules beside it get the same events. */
export function wokenByPush(stack: Stack, waking: EventBus, push: Handler): void {
  const { tickRetries: retryAttempts, eventAge: maxEventAge } = PUSHED_LATER
  new Rule(stack, 'WokenByPush', {
    eventBus: waking,
    eventPattern: { source: [WAKING_SOURCE], detailType: [WAKING_DETAIL_TYPE] },
    targets: [new LambdaFunction(push, { retryAttempts, maxEventAge })],
  })
}
