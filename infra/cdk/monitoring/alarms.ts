import { Duration, type Stack } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  Stats,
  TreatMissingData,
  type IAlarmAction,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { DEFAULT_SETTINGS } from '../../../shared/rules/settings.ts'
import type { Api } from '../api.ts'
import type { Functions, PushFunctions } from '../functions.ts'
import { ofFunction, ofStage, ofTable, ours, sum } from './metrics.ts'

export interface Watched {
  readonly served: Functions
  /** Where devices are woken by Web Push. */
  readonly pushing: PushFunctions | undefined
  readonly configuration: Table
  readonly sessions: Table
  readonly gateway: Pick<Api, 'dimensions'>
  /** Where the events go that Lambda could not give to upkeep. */
  readonly unprocessed: Queue
}

interface AlarmKind {
  /** What it means, in a sentence; infra/admin/RUNBOOK.md has the paragraph. */
  readonly means: string
  readonly metric: IMetric
  readonly on: Condition
}

/** On when the metric was so in `when` of the last `of` minutes (or periods of its own). */
interface Condition {
  readonly least?: number
  readonly most?: number
  readonly when: number
  readonly of: number
  /** Where silence is what is feared. */
  readonly silence?: true
}

const MINUTES_5 = Duration.minutes(5)

/**
 * The alarms of a stack. They have no names of their own: CloudFormation gives each one that is unique, so that a
 * stack can be deployed twice. infra/admin/RUNBOOK.md has a paragraph for each; a test holds them together.
 */
export function alarms(
  stack: Stack,
  watched: Watched,
  action: IAlarmAction | undefined,
): Readonly<Record<string, Alarm>> {
  const scope = new Construct(stack, 'Alarms')
  const made = Object.entries(kinds(stack, watched)).map(([id, kind]) => [id, alarm(scope, id, kind, action)] as const)
  return Object.fromEntries(made)
}

function alarm(scope: Construct, id: string, kind: AlarmKind, action: IAlarmAction | undefined): Alarm {
  const { means, metric } = kind
  const { least, most, when, of, silence } = kind.on
  const made = new Alarm(scope, id, {
    alarmDescription: `${means}. What to do: "${id}" in infra/admin/RUNBOOK.md.`,
    metric,
    threshold: least ?? most ?? 0,
    comparisonOperator:
      least === undefined
        ? ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    evaluationPeriods: of,
    datapointsToAlarm: when,
    // What does not happen is not measured: while no user is logged in most of this service is silent.
    treatMissingData: silence ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
  })
  if (action !== undefined) {
    made.addAlarmAction(action)
    made.addOkAction(action)
  }
  return made
}

function kinds(stack: Stack, watched: Watched): Readonly<Record<string, AlarmKind>> {
  const { pushing } = watched
  return {
    ...ofFunctions(watched),
    ...ofSurroundings(watched),
    ...ofSessions(stack),
    ...(pushing && ofPush(stack, pushing)),
  }
}

/** Of the functions that there are only where the setting webPush is set. */
function ofPush(stack: Stack, { push, subscribe }: PushFunctions): Record<string, AlarmKind> {
  return {
    PushFails: {
      means: 'Devices are not woken by Web Push, or cannot say where to wake them',
      metric: sum('failed wake-ups and subscriptions', [
        ...[push, subscribe].flatMap((each) => [ofFunction('Errors', each), ofFunction('Throttles', each)]),
        ofFunction('AsyncEventsDropped', push),
        // The function does not fail at what a push service refuses for good.
        ours(stack, 'Pushes', Stats.SUM, 'refused'),
      ]),
      on: { least: 1, when: 2, of: 5 },
    },
  }
}

function ofFunctions({ served, unprocessed }: Watched): Record<string, AlarmKind> {
  const { upkeep, authorize, ...routes } = served
  return {
    // Lambda counts an error at the time when the invocation began: a quarter of an hour back, for a listener.
    UpkeepFails: {
      means: 'Upkeep dies or fails: sessions are listened for by the next one only',
      metric: ofFunction('Errors', upkeep),
      on: { least: 1, when: 2, of: 20 },
    },
    UpkeepNotStarted: {
      means: 'The schedule does not start upkeep: a session whose listener goes has no other',
      metric: ofFunction('Invocations', upkeep).with({ period: MINUTES_5 }),
      on: { most: 0, when: 1, of: 1, silence: true },
    },
    UpkeepEventsDropped: {
      means: 'Lambda gave up events that start upkeep: they failed, were too old, or a loop',
      metric: ofFunction('AsyncEventsDropped', upkeep).with({ period: MINUTES_5 }),
      on: { least: 1, when: 1, of: 1 },
    },
    UpkeepDeadLetters: {
      means: 'Events that Lambda could not give to upkeep wait in the queue for them, or could not be put there',
      metric: sum('dead letters', [
        ofFunction('DestinationDeliveryFailures', upkeep),
        unprocessed.metricApproximateNumberOfMessagesVisible({ period: MINUTE }),
      ]),
      on: { least: 1, when: 1, of: 1 },
    },
    RoutesFail: {
      means: 'Functions behind routes die or fail, and cannot even say so to the device',
      // The authorizer is not among them: it says 401 by an error.
      metric: sum(
        'errors',
        Object.values(routes).map((route) => ofFunction('Errors', route)),
      ),
      on: { least: 1, when: 2, of: 5 },
    },
    FunctionsThrottled: {
      means: "Lambda refuses to run functions: the account's concurrency is used up",
      metric: sum(
        'throttles',
        Object.values({ authorize, upkeep, ...routes }).map((each) => ofFunction('Throttles', each)),
      ),
      on: { least: 1, when: 2, of: 5 },
    },
  }
}

const MINUTE = Duration.minutes(1)

function ofSurroundings({ configuration, sessions, gateway }: Watched): Record<string, AlarmKind> {
  const tables = [configuration, sessions]
  return {
    TablesThrottled: {
      means: 'DynamoDB says slower: reads or writes of a table come too fast for a partition',
      metric: sum(
        'throttled reads and writes',
        tables.flatMap((table) => [ofTable('ReadThrottleEvents', table), ofTable('WriteThrottleEvents', table)]),
      ),
      on: { least: 1, when: 2, of: 5 },
    },
    TablesFail: {
      means: 'DynamoDB answers with errors of its own',
      metric: sum(
        'system errors',
        // Those that nearly every story needs: the others fail with them, and each would be paid for.
        [
          ...['GetItem', 'Query', 'PutItem', 'UpdateItem'].map((each) => ofTable('SystemErrors', sessions, each)),
          ofTable('SystemErrors', configuration, 'GetItem'),
        ],
      ),
      on: { least: 1, when: 2, of: 5 },
    },
    GatewayFails: {
      means: 'API Gateway could not call a function, or got no answer that it can use',
      metric: sum('gateway errors', [
        ofStage('ExecutionError', gateway.dimensions),
        ofStage('IntegrationError', gateway.dimensions),
      ]),
      on: { least: 1, when: 2, of: 5 },
    },
    ConnectsRefused: {
      means:
        'Many connections or frames are refused before a function sees them: wrong tokens, wrong clocks, or an attack',
      metric: ofStage('ClientError', gateway.dimensions).with({ period: MINUTES_5 }),
      on: { least: 100, when: 2, of: 2 },
    },
  }
}

function ofSessions(stack: Stack): Record<string, AlarmKind> {
  const throttled = ['connections', 'lambda', 'eventbridge'].map((of) => ours(stack, 'Throttles', Stats.SUM, of))
  return {
    NoListener: {
      means: 'Sessions have no listener: what is said to them is not heard until there is one',
      metric: ours(stack, 'Unlistened', Stats.MAXIMUM),
      on: { least: 1, when: 3, of: 5 },
    },
    PollsUnanswered: {
      means: 'A session has a listener, and CWA has not answered its poll for five minutes',
      metric: ours(stack, 'PollAge', Stats.MAXIMUM),
      on: { least: 300_000, when: 2, of: 3 },
    },
    UpstreamDown: {
      means: 'CWA, or the way to it, fails again and again',
      metric: ours(stack, 'UpstreamFaults', Stats.SUM, 'again'),
      on: { least: 3, when: 3, of: 5 },
    },
    SeatsFilled: {
      means: 'The maximum number of sessions is reached: logins evict somebody idle, or are refused',
      metric: ours(stack, 'SeatsFree', Stats.MINIMUM),
      on: { most: 0, when: 3, of: 5 },
    },
    Lost: {
      means: 'Events were lost for a device, and it knows (recovered: false)',
      metric: ours(stack, 'Resumes', Stats.SUM, 'false').with({ period: MINUTES_5 }),
      on: { least: 1, when: 1, of: 1 },
    },
    MailboxesDeep: {
      means: 'A device acknowledges nothing, and its mailbox is about to be cut',
      metric: ours(stack, 'MailboxDepth', Stats.MAXIMUM),
      on: { least: 0.8 * DEFAULT_SETTINGS.mailboxBatches, when: 3, of: 15 },
    },
    EventsLate: {
      means: 'One event in a hundred takes ten seconds from its arrival to the gateway',
      metric: ours(stack, 'EventToDevice', Stats.percentile(99)),
      on: { least: 10_000, when: 3, of: 5 },
    },
    ServiceFails: {
      means: 'Frames are answered `internal`',
      metric: ours(stack, 'Failures', Stats.SUM),
      on: { least: 1, when: 2, of: 5 },
    },
    CallsThrottled: {
      means: 'AWS says slower to posts to devices, to starts of upkeep, or to events that wake devices',
      metric: sum('throttled calls', throttled),
      on: { least: 1, when: 2, of: 5 },
    },
  }
}
