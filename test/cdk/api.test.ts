import { beforeAll, describe, expect, it } from 'vitest'
import { ACTIONS } from '../../shared/wire/actions.ts'
import { ofType, propertiesOf, synthesis, SYNTHESIS_MS, type Template } from './harness.ts'

let template: Template
const webPush = { contact: 'mailto:ops@contoso.test' }

beforeAll(async () => {
  const made = await synthesis({
    throttle: { ratePerSecond: 7, burst: 11 },
    logRetentionDays: 14,
    stage: 'trial',
    webPush,
  })
  template = made.template
  return made.remove
}, SYNTHESIS_MS)

/** Which function a route goes to, and whether its answer goes back over the connection. */
const ROUTES: Readonly<Record<string, { readonly to: string; readonly answers: boolean }>> = {
  $connect: { to: 'a mock', answers: true },
  $disconnect: { to: 'disconnect', answers: false },
  $default: { to: 'unknown', answers: true },
  login: { to: 'login', answers: true },
  send: { to: 'send', answers: true },
  poll: { to: 'poll', answers: true },
  status: { to: 'status', answers: false },
  logout: { to: 'logout', answers: true },
  enroll: { to: 'enroll', answers: true },
  subscribe: { to: 'subscribe', answers: true },
}

const route = (key: string) => {
  const found = ofType(template, 'AWS::ApiGatewayV2::Route').find(
    ([, { Properties }]) => Properties['RouteKey'] === key,
  )
  if (found === undefined) throw new Error(`no route ${key}`)
  const [name, { Properties: properties }] = found
  return { name, properties }
}

/** The integration that a route's `Target` names: `integrations/${name}`. */
const integration = (key: string) => {
  const [, name = ''] = /^integrations\/\$\{(.+)\}$/.exec(String(route(key).properties['Target'])) ?? []
  return propertiesOf(template, name)
}

const invocationsOf = (name: string) =>
  `arn:\${AWS::Partition}:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${${name}Function.Arn}/invocations`

describe('the routes', () => {
  it('are these and no others: one for each action of the protocol beside those of the gateway', () => {
    const keys = ofType(template, 'AWS::ApiGatewayV2::Route').map(([, { Properties }]) =>
      String(Properties['RouteKey']),
    )
    expect(keys.toSorted()).toEqual(Object.keys(ROUTES).toSorted())
    expect(Object.keys(ROUTES).filter((key) => !key.startsWith('$'))).toEqual([...ACTIONS])
  })

  it('are chosen by the action in a message', () => {
    expect(propertiesOf(template, 'Api')).toMatchObject({
      ProtocolType: 'WEBSOCKET',
      RouteSelectionExpression: '$request.body.action',
    })
  })

  it.each(Object.entries(ROUTES).filter(([key]) => key !== '$connect'))('%s goes to its function', (key, { to }) => {
    expect(integration(key)).toMatchObject({ IntegrationType: 'AWS_PROXY', IntegrationUri: invocationsOf(to) })
  })

  it('$connect is answered 200 by a mock', () => {
    const { IntegrationType, TemplateSelectionExpression, RequestTemplates } = integration('$connect')
    expect(IntegrationType).toBe('MOCK')
    expect(RequestTemplates).toEqual({ [String(TemplateSelectionExpression)]: '{"statusCode":200}' })
  })

  it('$connect has what a mock needs to be answered: an integration response for whatever comes', () => {
    const responses = ofType(template, 'AWS::ApiGatewayV2::IntegrationResponse').map(([, { Properties }]) => Properties)
    const [, name = ''] = /^integrations\/\$\{(.+)\}$/.exec(String(route('$connect').properties['Target'])) ?? []
    expect(responses).toEqual([{ ApiId: '${Api}', IntegrationId: `\${${name}}`, IntegrationResponseKey: '$default' }])
  })

  it.each(Object.entries(ROUTES))('%s sends an answer back only where somebody waits for one', (key, { answers }) => {
    const { name, properties } = route(key)
    const responses = ofType(template, 'AWS::ApiGatewayV2::RouteResponse').filter(
      ([, { Properties }]) => Properties['RouteId'] === `\${${name}}`,
    )
    expect(responses.map(([, { Properties }]) => Properties['RouteResponseKey'])).toEqual(answers ? ['$default'] : [])
    expect(properties['RouteResponseSelectionExpression']).toBe(answers ? '$default' : undefined)
  })

  it.each(['authorize', ...Object.values(ROUTES).map(({ to }) => to)].filter((name) => name !== 'a mock'))(
    'this API, and no other, may invoke %s',
    (name) => {
      const permissions = ofType(template, 'AWS::Lambda::Permission')
        .map(([, { Properties }]) => Properties)
        .filter(({ FunctionName }) => FunctionName === `\${${name}Function.Arn}`)
      expect(permissions).toEqual([
        {
          Action: 'lambda:InvokeFunction',
          FunctionName: `\${${name}Function.Arn}`,
          Principal: 'apigateway.amazonaws.com',
          SourceArn: expect.stringMatching(
            /^arn:\$\{AWS::Partition\}:execute-api:\$\{AWS::Region\}:\$\{AWS::AccountId\}:\$\{Api\}\//,
          ),
        },
      ])
    },
  )
})

describe('the authorizer', () => {
  it('stands before $connect, and asks authorize about the token', () => {
    const { AuthorizationType, AuthorizerId } = route('$connect').properties
    const [, name = ''] = /^\$\{(.+)\}$/.exec(String(AuthorizerId)) ?? []

    expect(AuthorizationType).toBe('CUSTOM')
    expect(propertiesOf(template, name)).toMatchObject({
      AuthorizerType: 'REQUEST',
      AuthorizerUri: invocationsOf('authorize'),
      IdentitySource: ['route.request.querystring.token'],
    })
  })
})

describe('the stage', () => {
  it('has the name and the throttle of the settings', () => {
    expect(propertiesOf(template, 'Stage')).toMatchObject({
      StageName: 'trial',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 7, ThrottlingBurstLimit: 11 },
    })
    expect(template.resources['Stage']).toMatchObject({ DependsOn: expect.arrayContaining(['GatewayAccount']) })
    expect(template.outputs['Url']?.Value).toBe('wss://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/trial')
  })

  it('keeps an access log for as long as the settings say', () => {
    expect(propertiesOf(template, 'Stage')['AccessLogSettings']).toMatchObject({ DestinationArn: '${AccessLog.Arn}' })
    expect(propertiesOf(template, 'AccessLog')).toEqual({ RetentionInDays: 14 })
  })

  it('logs who, when and how it went, and never the query string, where the token is', () => {
    const format = JSON.stringify(propertiesOf(template, 'Stage')['AccessLogSettings'])
    for (const heard of ['requestTimeEpoch', 'connectionId', 'authorizer.device', 'routeKey', 'status']) {
      expect(format).toContain(`$context.${heard}`)
    }
    for (const error of ['error.message', 'authorizer.error', 'integrationErrorMessage', 'integrationStatus']) {
      expect(format).toContain(`$context.${error}`)
    }
    expect(format).not.toMatch(/query|token|\$context\.authorizer\.(?!(device|error)\b)/i)
  })
})
