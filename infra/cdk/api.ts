import { CfnElement, Validations, type Stack } from 'aws-cdk-lib'
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import {
  CfnIntegration,
  CfnIntegrationResponse,
  LogGroupLogDestination,
  WebSocketApi,
  WebSocketStage,
  type WebSocketRoute,
} from 'aws-cdk-lib/aws-apigatewayv2'
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { WebSocketLambdaIntegration, WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { ACTIONS, type Action } from '../../shared/wire/actions.ts'
import { accountRole } from './account-role.ts'
import type { Functions, ManagedConnections, PushFunctions } from './functions.ts'
import { removalOf } from './removal.ts'
import type { StackSettings } from './settings.ts'

/** How cdk-nag prints the start of an ARN of this stack. */
const ARN_START = 'arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>'

/** The functions behind the routes; that of an action which only some stacks have may be missing. */
type Served = Functions & Partial<Pick<PushFunctions, 'subscribe'>>

export interface Api extends ManagedConnections {
  /** Where devices connect: `wss://…/stage`. */
  readonly url: string
  /** The same without the stage: what a page must be allowed to connect to. */
  readonly origin: string
  /** By which CloudWatch knows the stage. */
  readonly dimensions: { readonly ApiId: string; readonly Stage: string }
  /** Puts the functions behind the routes. */
  readonly serve: (functions: Served) => void
}

/**
 * Actions that mostly want no answer: what there is to say is posted (functions/envelope/posted.ts). Over a route with a
 * response an answer without a body was seen to reach the device as an empty message, billed.
 */
const ONE_WAY: ReadonlySet<Action> = new Set(['status'])

/** The WebSocket API: who may connect, and which function a frame goes to. */
export function api(stack: Stack, settings: StackSettings): Api {
  const webSocket = new WebSocketApi(stack, 'Api', {
    apiName: stack.stackName,
    routeSelectionExpression: '$request.body.action',
  })
  const stage = new WebSocketStage(stack, 'Stage', {
    webSocketApi: webSocket,
    stageName: settings.stage,
    autoDeploy: true,
    throttle: { rateLimit: settings.throttle.ratePerSecond, burstLimit: settings.throttle.burst },
    accessLogSettings: { destination: new LogGroupLogDestination(accessLog(stack, settings)), format: ACCESS_LOG },
  })
  const role = accountRole(stack, settings)
  if (role !== undefined) stage.node.addDependency(role)
  const posts = `${settings.stage}/POST/@connections/*`
  return {
    url: stage.url,
    origin: webSocket.apiEndpoint,
    dimensions: { ApiId: webSocket.apiId, Stage: settings.stage },
    managementUrl: stage.callbackUrl,
    connectionsUrl: settings.connectionsUrl ?? stage.callbackUrl,
    postArn: stack.formatArn({ service: 'execute-api', resource: webSocket.apiId, resourceName: posts }),
    postFinding: `AwsSolutions-IAM5[Resource::${ARN_START}:<${apiLogicalId(stack, webSocket)}>/${posts}]`,
    serve: (functions) => addRoutes(webSocket, functions),
  }
}

function apiLogicalId(stack: Stack, webSocket: WebSocketApi): string {
  const resource = webSocket.node.defaultChild
  if (!CfnElement.isCfnElement(resource)) throw new TypeError('a WebSocket API is made of a CloudFormation resource')
  return stack.getLogicalId(resource)
}

function addRoutes(webSocket: WebSocketApi, functions: Served): void {
  // Nothing is left to do at $connect once the authorizer said yes: a mock saves an invocation a connection.
  const connect = webSocket.addRoute('$connect', {
    integration: new WebSocketMockIntegration('Connected', {
      // The expression is a literal: it selects the template of that name, whatever the request.
      requestTemplates: { '200': '{"statusCode":200}' },
      templateSelectionExpression: '200',
    }),
    authorizer: new WebSocketLambdaAuthorizer('Devices', functions.authorize, {
      identitySource: ['route.request.querystring.token'],
    }),
    returnResponse: true,
  })
  answerOfMock(connect)
  const others = [
    webSocket.addRoute('$disconnect', { integration: lambda('$disconnect', functions.disconnect) }),
    webSocket.addRoute('$default', { integration: lambda('$default', functions.unknown), returnResponse: true }),
    ...ACTIONS.flatMap((action) => {
      const served = functions[action]
      if (served === undefined) return []
      return [webSocket.addRoute(action, { integration: lambda(action, served), returnResponse: !ONE_WAY.has(action) })]
    }),
  ]
  for (const route of others) {
    Validations.of(route).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason: 'A WebSocket API authorizes at $connect only; its answer holds for the connection and all its routes.',
    })
  }
}

function accessLog(stack: Stack, settings: StackSettings): LogGroup {
  return new LogGroup(stack, 'AccessLog', {
    retention: settings.logRetentionDays,
    removalPolicy: removalOf(settings),
  })
}

function lambda(id: string, handler: IFunction): WebSocketLambdaIntegration {
  return new WebSocketLambdaIntegration(id, handler)
}

/**
 * What a mock answers. Without an integration response and a route response API Gateway has nothing to map the mock's
 * status to, and the handshake ends with 500: aws-pdk's TypeSafeWebsocketApi gives both to its mocks ("mock integrations
 * will respond with errors" otherwise), Booster gives `$connect` the key `$default`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-responses.html
 */
function answerOfMock(route: WebSocketRoute): void {
  const integration = route.node.findAll().find((each) => each instanceof CfnIntegration)
  if (integration === undefined) throw new TypeError('a mock is made of a CloudFormation resource beneath its route')
  new CfnIntegrationResponse(route, 'Answer', {
    apiId: route.webSocketApi.apiId,
    integrationId: integration.ref,
    integrationResponseKey: '$default',
  })
}

/** Who, when, what, how it went. Never the query string: it holds the device's token. */
const ACCESS_LOG = AccessLogFormat.custom(
  JSON.stringify({
    at: AccessLogField.contextRequestTimeEpoch(),
    request: AccessLogField.contextRequestId(),
    connection: '$context.connectionId',
    device: AccessLogField.contextAuthorizer('device'),
    event: '$context.eventType',
    route: '$context.routeKey',
    status: AccessLogField.contextStatus(),
    error: '$context.error.message',
    // Their own errors, where the one above only says that something failed. The variables of a WebSocket API:
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html
    authorizerError: '$context.authorizer.error',
    integrationError: '$context.integrationErrorMessage',
    integrationStatus: '$context.integrationStatus',
  }),
)
