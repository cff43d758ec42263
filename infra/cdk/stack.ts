import { CfnOutput, Duration, Stack } from 'aws-cdk-lib'
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb'
import { EventBus, Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import { KEYS, TTL_ATTRIBUTE } from '../../shared/store/tables.ts'
import { alarmAction } from './monitoring/alarm-topic.ts'
import { alarms } from './monitoring/alarms.ts'
import { api, type Api } from './api.ts'
import type { Bundle } from './bundle.ts'
import { dashboard } from './monitoring/dashboard.ts'
import { functions, pushFunctions } from './functions.ts'
import { upstreamNetwork } from './network.ts'
import { page } from './page/page.ts'
import { removalOf } from './removal.ts'
import { LATER, unprocessedQueue } from './started-later.ts'
import type { StackSettings } from './settings.ts'
import { wokenByPush } from './woken-by-push.ts'

export interface CollaborationProps {
  readonly settings: StackSettings
  readonly bundles: Readonly<Record<string, Bundle>>
  /** The folder of the built page, where a setting wants it served. */
  readonly pageFolder?: string | undefined
}

/** The whole service: a WebSocket API, its functions, two tables and the schedule. */
export function collaborationStack(
  scope: Construct,
  id: string,
  { settings, bundles, pageFolder }: CollaborationProps,
): Stack {
  const stack = new Stack(scope, id, {
    description: 'Instant-messaging sessions held for devices with a web IM server',
  })
  const configuration = table(stack, 'Configuration', settings)
  const sessions = table(stack, 'Sessions', settings, TTL_ATTRIBUTE)
  const webSocket = api(stack, settings)
  const network = upstreamNetwork(stack, settings)
  // A name of our own: the rules that a team hooks up to it stay where they are when the bus is replaced.
  const waking = new EventBus(stack, 'Waking', {
    eventBusName: `${stack.stackName}-waking`,
    description: 'Devices to wake: identifiers and a count, never content',
  })
  const unprocessed = unprocessedQueue(stack)
  const gateway = webSocket
  const props = { settings, bundles, configuration, sessions, gateway, network, waking, unprocessed }
  const served = functions(stack, props)
  const pushing = pushFunctions(stack, props)
  webSocket.serve({ ...served, ...pushing })
  if (pushing !== undefined) wokenByPush(stack, waking, pushing.push)

  // The finest that EventBridge has. While no user is logged in, a tick reads the shards and ends.
  new Rule(stack, 'EveryMinute', {
    schedule: Schedule.rate(Duration.minutes(1)),
    // A tick that could not be handed to Lambda in time is not missed: the next one looks at everything.
    targets: [new LambdaFunction(served.upkeep, { retryAttempts: LATER.tickRetries, maxEventAge: LATER.eventAge })],
  })

  const watched = { served, pushing, configuration, sessions, gateway: webSocket, unprocessed }
  dashboard(stack, watched, alarms(stack, watched, alarmAction(stack, settings)))

  page(stack, settings, webSocket, pageFolder)
  outputs(stack, settings, { configuration, sessions, webSocket, waking, unprocessed })
  return stack
}

interface OutputParts {
  readonly configuration: Table
  readonly sessions: Table
  readonly webSocket: Api
  readonly waking: EventBus
  readonly unprocessed: Queue
}

/** What people and the administrator's command read of the stack. */
function outputs(stack: Stack, settings: StackSettings, parts: OutputParts): void {
  const { configuration, sessions, webSocket, waking, unprocessed } = parts
  new CfnOutput(stack, 'Url', { value: webSocket.url, description: 'Where devices connect' })
  new CfnOutput(stack, 'ConfigurationTable', { value: configuration.tableName })
  new CfnOutput(stack, 'SessionsTable', { value: sessions.tableName })
  new CfnOutput(stack, 'MasterKey', {
    value: settings.masterKey,
    description: `Where the key ring is. The first time, npm run admin -- --stack ${stack.stackName} keys create makes it`,
  })
  new CfnOutput(stack, 'ManagementUrl', { value: webSocket.managementUrl })
  if (settings.vpc) {
    new CfnOutput(stack, 'Vpc', { value: settings.vpc.id })
    new CfnOutput(stack, 'ConnectionsUrl', {
      value: webSocket.connectionsUrl,
      description: 'Where functions in the VPC post to connections',
    })
  }
  new CfnOutput(stack, 'WakingBus', {
    value: waking.eventBusName,
    description: 'Where events of devices to wake are put',
  })
  new CfnOutput(stack, 'UnprocessedQueue', {
    value: unprocessed.queueUrl,
    description: 'What upkeep was asked to do and could not be given',
  })
  new CfnOutput(stack, 'Upstream', { value: settings.upstream })
  new CfnOutput(stack, 'UpstreamUrl', { value: settings.upstreamUrl })
  if (settings.upstream === 'cwa') new CfnOutput(stack, 'CwaCodec', { value: settings.codec })
  if (settings.legacyTls) {
    new CfnOutput(stack, 'UpstreamLegacyTls', {
      value: settings.legacyTls,
      description: 'The lowest TLS to speak with CWA, and certificates of its time are taken',
    })
  }
  new CfnOutput(stack, 'SessionsPerListener', { value: String(settings.sessionsPerListener) })
}

/** On demand, encrypted, with point-in-time recovery: the bill follows use, and a mistake can be taken back. */
function table(stack: Stack, id: string, settings: StackSettings, timeToLiveAttribute?: string): Table {
  return new Table(stack, id, {
    partitionKey: { name: KEYS.partition, type: AttributeType.STRING },
    sortKey: { name: KEYS.sort, type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    encryption: TableEncryption.AWS_MANAGED,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy: removalOf(settings),
    ...(timeToLiveAttribute !== undefined && { timeToLiveAttribute }),
  })
}
