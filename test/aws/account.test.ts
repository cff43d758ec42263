import { describe, expect, it } from 'vitest'
import { refusedBy } from '../../infra/aws/account.ts'
import type { Template } from '../../infra/aws/assembly/assembly-references.ts'

const NO_ROLE = 'Stage: CloudWatch Logs role ARN must be set in account settings to enable logging'

function stage(more: object = {}, others: Template['Resources'] = {}): Template {
  const Properties = { StageName: 'live', AccessLogSettings: { DestinationArn: 'arn', Format: '$context.status' } }
  return { Resources: { Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties, ...more }, ...others } }
}

describe('an account', () => {
  const role = { Role: { Type: 'AWS::ApiGateway::Account', Properties: {} } }

  it('refuses a stage that logs, where API Gateway has no role to write with', () => {
    expect(refusedBy({}, stage())).toEqual([NO_ROLE])
    expect(refusedBy({ accessLogRole: true }, stage())).toEqual([])
    expect(refusedBy({}, stage({ Properties: { StageName: 'live' } }))).toEqual([])
  })

  it('refuses it where the role is made beside it, and may come later', () => {
    expect(refusedBy({}, stage({}, role))).toEqual([NO_ROLE])
    expect(refusedBy({}, stage({ DependsOn: 'Other' }, role))).toEqual([NO_ROLE])
    expect(refusedBy({}, stage({ DependsOn: ['Other', 'Role'] }, role))).toEqual([])
  })

  it('refuses a second way to DynamoDB in a route table', () => {
    const Properties = { VpcEndpointType: 'Gateway', RouteTableIds: ['rtb-1', 'rtb-2'] }
    const template = { Resources: { Way: { Type: 'AWS::EC2::VPCEndpoint', Properties } } }
    expect(refusedBy({}, template)).toEqual([])
    expect(refusedBy({ routedToDynamoDb: ['rtb-2', 'rtb-3'] }, template)).toEqual([
      'Way: RouteAlreadyExists: rtb-2 already has a route to DynamoDB',
    ])
  })
})
