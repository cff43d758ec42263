import { describe, expect, it } from 'vitest'
import { apiIn } from '../../infra/aws/assembly/assembly-api.ts'
import { resolver, type Template } from '../../infra/aws/assembly/assembly-references.ts'

const TEMPLATE: Template = {
  Resources: {
    Table1: { Type: 'AWS::DynamoDB::Table', Properties: {} },
    Named: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'its-name' } },
    Bus1: { Type: 'AWS::Events::EventBus', Properties: { Name: 'its-bus' } },
    Api1: { Type: 'AWS::ApiGatewayV2::Api', Properties: { RouteSelectionExpression: '$request.body.a.b' } },
    Stage1: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { StageName: 'live' } },
    Connected: { Type: 'AWS::ApiGatewayV2::Integration', Properties: { IntegrationType: 'MOCK' } },
    Sent: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        IntegrationType: 'AWS_PROXY',
        TimeoutInMillis: 5_000,
        IntegrationUri: {
          'Fn::Join': [
            '',
            ['arn:aws:apigateway:x:lambda:path/functions/', { 'Fn::GetAtt': ['Named', 'Arn'] }, '/invocations'],
          ],
        },
      },
    },
    Authorizer1: {
      Type: 'AWS::ApiGatewayV2::Authorizer',
      Properties: {
        AuthorizerUri: { 'Fn::Sub': 'path/functions/arn:aws:lambda:${AWS::Region}:0:function:judge/invocations' },
        IdentitySource: ['route.request.querystring.token'],
      },
    },
    Connect: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        RouteKey: '$connect',
        AuthorizerId: { Ref: 'Authorizer1' },
        Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Connected' }]] },
      },
    },
    Send: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: { RouteKey: 'send', Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Sent' }]] } },
    },
    ConnectedAnswer: {
      Type: 'AWS::ApiGatewayV2::IntegrationResponse',
      Properties: { IntegrationId: { Ref: 'Connected' }, IntegrationResponseKey: '$default' },
    },
    SendAnswer: { Type: 'AWS::ApiGatewayV2::RouteResponse', Properties: { RouteId: { Ref: 'Send' } } },
  },
}

describe('references of a template', () => {
  const resolve = resolver(TEMPLATE, 'Stacked')

  it.each([
    { value: { Ref: 'Table1' }, is: 'Table1' },
    { value: { Ref: 'Named' }, is: 'its-name' },
    { value: { Ref: 'Bus1' }, is: 'its-bus' },
    { value: { 'Fn::GetAtt': ['Bus1', 'Arn'] }, is: 'arn:aws:events:local:000000000000:event-bus/its-bus' },
    { value: { Ref: 'AWS::Region' }, is: 'local' },
    { value: { Ref: 'AWS::StackName' }, is: 'Stacked' },
    { value: [{ Ref: 'AWS::NoValue' }, 'x'], is: ['x'] },
    { value: { 'Fn::GetAtt': ['Table1', 'Arn'] }, is: 'arn:aws:dynamodb:local:000000000000:table/Table1' },
    { value: { 'Fn::GetAtt': ['Named', 'Arn'] }, is: 'arn:aws:lambda:local:000000000000:function:its-name' },
    { value: { 'Fn::Join': ['-', ['a', { Ref: 'Named' }]] }, is: 'a-its-name' },
    { value: { 'Fn::Sub': '${AWS::AccountId}/${Table1}' }, is: '000000000000/Table1' },
    { value: { 'Fn::Select': ['1', { 'Fn::Split': ['.', 'a.b.c'] }] }, is: 'b' },
    { value: { deep: [{ Ref: 'Table1' }] }, is: { deep: ['Table1'] } },
    { value: 5, is: 5 },
  ])('resolve $value', ({ value, is }) => {
    expect(resolve(value)).toEqual(is)
  })

  it.each([
    { value: { Ref: 'Nowhere' }, says: 'the template refers to Nowhere, which it does not have' },
    { value: { 'Fn::ImportValue': 'x' }, says: 'the local stack does not know Fn::ImportValue("x")' },
    { value: { 'Fn::GetAtt': ['Table1', 'StreamArn'] }, says: 'the local stack does not know the attribute StreamArn' },
  ])('are refused rather than guessed: $says', ({ value, says }) => {
    expect(() => resolve(value)).toThrow(says)
  })

  it('describe the API: selection, routes, integrations, authorizer and answers', () => {
    expect(apiIn(TEMPLATE, resolve)).toEqual({
      id: 'Api1',
      stage: 'live',
      routeSelection: ['a', 'b'],
      routes: [
        {
          key: '$connect',
          integration: { kind: 'mock', responds: true },
          authorizer: { functionName: 'judge', identitySources: ['route.request.querystring.token'] },
          twoWay: false,
        },
        { key: 'send', integration: { kind: 'function', functionName: 'its-name', timeoutMs: 5_000 }, twoWay: true },
      ],
    })
  })
})
