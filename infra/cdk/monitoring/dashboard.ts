import { Duration, type Stack } from 'aws-cdk-lib'
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  MathExpression,
  Stats,
  type Alarm,
  type IMetric,
  type IWidget,
} from 'aws-cdk-lib/aws-cloudwatch'
import { MEASURES, NAMESPACE, SERVICE_DIMENSION, type MeasureName } from '../../../shared/rules/measures.ts'
import type { Watched } from './alarms.ts'
import { ofFunction, ofStage, ofTable, ours } from './metrics.ts'

const THIRD = { width: 8, height: 6 } as const

/** What an operator looks at first: the alarms, then sessions, then what they need. The name is CloudFormation's, as the alarms' are. */
export function dashboard(stack: Stack, watched: Watched, alarms: Readonly<Record<string, Alarm>>): Dashboard {
  const status = new AlarmStatusWidget({ title: 'Alarms', alarms: Object.values(alarms), width: 24, height: 4 })
  return new Dashboard(stack, 'Dashboard', {
    defaultInterval: Duration.hours(3),
    widgets: [
      [status],
      ofSessions(stack),
      ofDelivery(stack),
      ofUpstream(stack),
      ofAws(watched),
      ...ofPush(stack, watched),
    ],
  })
}

function ofSessions(stack: Stack): IWidget[] {
  const sessions = [ours(stack, 'Sessions', Stats.MAXIMUM), ours(stack, 'SeatsFree', Stats.MINIMUM)]
  const listeners = [ours(stack, 'Unlistened', Stats.MAXIMUM), ours(stack, 'HandOvers', Stats.SUM)]
  return [
    graph('Sessions and free seats', sessions),
    graph('Logins by outcome, evictions', [each(stack, 'Logins'), ours(stack, 'Evictions', Stats.SUM)]),
    graph('Groups without a listener, hand-overs', listeners),
  ]
}

function ofDelivery(stack: Stack): IWidget[] {
  return [
    graph('Event to device (ms)', percentiles(stack, 'EventToDevice')),
    graph('Deepest mailbox (batches)', [ours(stack, 'MailboxDepth', Stats.MAXIMUM)]),
    graph('Resumes by whether all was recovered', [each(stack, 'Resumes')]),
  ]
}

function ofUpstream(stack: Stack): IWidget[] {
  return [
    graph('Sign-in at CWA (ms)', percentiles(stack, 'SignInTime')),
    graph('Faults upstream by kind', [each(stack, 'UpstreamFaults')]),
    graph('Oldest answer to a poll (ms)', [ours(stack, 'PollAge', Stats.MAXIMUM)]),
  ]
}

function ofAws({ served, pushing, configuration, sessions, gateway }: Watched): IWidget[] {
  const { upkeep } = served
  const errors = Object.values({ ...served, ...pushing }).map((each) => ofFunction('Errors', each))
  const throttled = [configuration, sessions].flatMap((table) => [
    ofTable('ReadThrottleEvents', table),
    ofTable('WriteThrottleEvents', table),
  ])
  const stage = ['ConnectCount', 'MessageCount', 'ClientError', 'IntegrationError', 'ExecutionError']
  return [
    graph('Errors of functions', [...errors, ofFunction('AsyncEventsDropped', upkeep)]),
    graph(
      'The gateway',
      stage.map((name) => ofStage(name, gateway.dimensions)),
    ),
    graph('DynamoDB: throttled', throttled),
  ]
}

function ofPush(stack: Stack, { pushing }: Watched): IWidget[][] {
  return pushing === undefined ? [] : [[graph('Wake-ups by Web Push, by answer', [each(stack, 'Pushes')])]]
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, ...THIRD })
}

function percentiles(stack: Stack, name: MeasureName): IMetric[] {
  return [50, 90, 99].map((percent) => ours(stack, name, Stats.percentile(percent)))
}

/** A line for each outcome, kind and so on that occurs. */
function each(stack: Stack, name: MeasureName): IMetric {
  const kind = MEASURES[name]
  const by = 'by' in kind ? `,${kind.by}` : ''
  const schema = `{${NAMESPACE},${SERVICE_DIMENSION}${by}}`
  const terms = `MetricName="${name}" ${SERVICE_DIMENSION}="${stack.stackName}"`
  const expression = `SEARCH('${schema} ${terms}', 'Sum', 60)`
  return new MathExpression({ expression, usingMetrics: {}, label: '', period: Duration.minutes(1) })
}
