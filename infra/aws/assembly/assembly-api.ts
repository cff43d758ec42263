import { object, resourcesOf, text, type Properties, type Resolve, type Template } from './assembly-references.ts'
import type { ApiDescription, AuthorizerDescription, Integration, RouteDescription } from './description.ts'

/** API Gateway waits this long for an integration that says nothing else, in milliseconds. */
const INTEGRATION_MS = 29_000

/** The WebSocket API of the app: its stage, its routes, and what is behind each. */
export function apiIn(template: Template, resolve: Resolve): ApiDescription {
  const [api] = resourcesOf(template, 'AWS::ApiGatewayV2::Api')
  const [stage] = resourcesOf(template, 'AWS::ApiGatewayV2::Stage')
  if (api === undefined || stage === undefined) throw new Error('the template has no WebSocket API with a stage')
  const answered = new Set(
    resourcesOf(template, 'AWS::ApiGatewayV2::RouteResponse').map(({ properties }) => refIn(properties['RouteId'])),
  )
  return {
    id: api.id,
    stage: text(stage.properties, 'StageName'),
    ...accessLogOf(stage.properties),
    ...throttleIn(stage.properties),
    routeSelection: selectionPath(text(api.properties, 'RouteSelectionExpression')),
    routes: resourcesOf(template, 'AWS::ApiGatewayV2::Route').map(({ id, properties }) => ({
      ...routeIn(template, properties, resolve),
      twoWay: answered.has(id),
    })),
  }
}

function accessLogOf(stage: Properties): Pick<ApiDescription, 'accessLogFormat'> {
  const { Format } = object(stage, 'AccessLogSettings')
  return typeof Format === 'string' ? { accessLogFormat: Format } : {}
}

function throttleIn(stage: Properties): Pick<ApiDescription, 'throttle'> {
  const { ThrottlingRateLimit: ratePerSecond, ThrottlingBurstLimit: burst } = object(stage, 'DefaultRouteSettings')
  return typeof ratePerSecond === 'number' && typeof burst === 'number' ? { throttle: { ratePerSecond, burst } } : {}
}

/** `$request.body.action` → `['action']`. */
function selectionPath(expression: string): string[] {
  const path = /^\$request\.body\.([\w.]+)$/.exec(expression)?.[1]
  if (path === undefined) throw new Error(`the local gateway selects routes by $request.body.…, not by ${expression}`)
  return path.split('.')
}

function routeIn(template: Template, properties: Properties, resolve: Resolve): Omit<RouteDescription, 'twoWay'> {
  const target = String(resolve(properties['Target'])).replace(/^integrations\//, '')
  const authorizerId = refIn(properties['AuthorizerId'])
  return {
    key: text(properties, 'RouteKey'),
    integration: integrationIn(template, target, resolve),
    ...(authorizerId !== undefined && { authorizer: authorizerIn(propertiesOf(template, authorizerId), resolve) }),
  }
}

function integrationIn(template: Template, id: string, resolve: Resolve): Integration {
  const properties = propertiesOf(template, id)
  const type = text(properties, 'IntegrationType')
  if (type === 'MOCK') return { kind: 'mock', responds: hasResponse(template, id) }
  if (type !== 'AWS_PROXY') throw new Error(`the local gateway has integrations AWS_PROXY and MOCK, not ${type}`)
  const { TimeoutInMillis } = properties
  return {
    kind: 'function',
    functionName: functionNameIn(resolve(properties['IntegrationUri'])),
    timeoutMs: typeof TimeoutInMillis === 'number' ? TimeoutInMillis : INTEGRATION_MS,
  }
}

function hasResponse(template: Template, integration: string): boolean {
  return resourcesOf(template, 'AWS::ApiGatewayV2::IntegrationResponse').some(
    ({ properties }) =>
      refIn(properties['IntegrationId']) === integration && properties['IntegrationResponseKey'] === '$default',
  )
}

function authorizerIn(properties: Properties, resolve: Resolve): AuthorizerDescription {
  const sources = resolve(properties['IdentitySource'])
  return {
    functionName: functionNameIn(resolve(properties['AuthorizerUri'])),
    identitySources: Array.isArray(sources) ? sources.map(String) : [],
  }
}

/** `arn:…:lambda:path/2015-03-31/functions/arn:…:function:NAME/invocations` → `NAME`. */
function functionNameIn(uri: unknown): string {
  const name = /:function:([^/:]+)/.exec(String(uri))?.[1]
  if (name === undefined) throw new Error(`expected the URI of a function's invocations, found ${String(uri)}`)
  return name
}

function propertiesOf(template: Template, id: string): Properties {
  if (template.Resources[id] === undefined) throw new Error(`the template refers to ${id}, which it does not have`)
  return object({ ...template.Resources[id] }, 'Properties')
}

/** The logical id in `{"Ref": id}`. */
function refIn(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null && 'Ref' in value ? String(value.Ref) : undefined
}
