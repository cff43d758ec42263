import { beforeAll, describe, expect, it } from 'vitest'
import { ofType, propertiesOf, readJson, synthesis, SYNTHESIS_MS, type Assembly, type Synthesis } from './harness.ts'

/** More route tables than subnets: how a VPC is divided is its team's own business. */
const vpc = {
  id: 'vpc-0a1b2c3d4e5f67890',
  availabilityZones: ['eu-central-1a', 'eu-central-1b'],
  subnets: ['subnet-0a1b2c3d4e5f67890', 'subnet-0a1b2c3d4e5f67891', 'subnet-0a1b2c3d'],
  routeTables: ['rtb-0a1b2c3d4e5f67890', 'rtb-0a1b2c3d4e5f67891', 'rtb-0a1b2c3d4e5f67892', 'rtb-0a1b2c3d'],
}

const AT_8443 = 'https://im.contoso.test:8443'

let made: Synthesis
let inNetwork: Assembly

beforeAll(async () => {
  made = await synthesis()
  inNetwork = made.again({ vpc, upstreamUrl: AT_8443 })
  return made.remove
}, SYNTHESIS_MS)

const UPSTREAM = new Set(['login', 'logout', 'send', 'upkeep'])

const functionsOf = ({ template }: Assembly) =>
  ofType(template, 'AWS::Lambda::Function').map(([name, { Properties }]) => ({
    name: name.replace(/Function$/, ''),
    network: Properties['VpcConfig'],
  }))

const policiesOf = (template: Assembly['template']) =>
  ofType(template, 'AWS::IAM::Policy').map(([, { Properties }]) => Properties)

describe('without a VPC', () => {
  it('makes no network, and puts no function into one', () => {
    const types = Object.values(made.template.resources).map(({ Type }) => Type)
    expect(types.filter((type) => type.startsWith('AWS::EC2::'))).toEqual([])
    expect(functionsOf(made).filter(({ network }) => network !== undefined)).toEqual([])
  })
})

describe('with a VPC', { timeout: SYNTHESIS_MS }, () => {
  it('is free of findings and warnings', () => {
    expect(inNetwork.thrown).toBeUndefined()
    expect(readJson(`${inNetwork.folder}/validation-report.json`)).toMatchObject({ pluginReports: [] })
    expect(warningsOf(inNetwork)).toEqual([])
  })

  it('puts just the functions that talk to CWA into it, in the subnets that were set', () => {
    const network = { SubnetIds: vpc.subnets, SecurityGroupIds: ['${ToUpstream.GroupId}'] }
    for (const { name, network: is } of functionsOf(inNetwork)) {
      expect([name, is]).toEqual([name, UPSTREAM.has(name) ? network : undefined])
    }
  })

  it('lets just these make network interfaces', () => {
    for (const { name } of functionsOf(inNetwork)) {
      const policies = propertiesOf(inNetwork.template, `${name}Role`)['ManagedPolicyArns']
      expect([name, policies]).toEqual([
        name,
        UPSTREAM.has(name)
          ? ['arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole']
          : undefined,
      ])
    }
  })

  it('adds a gateway endpoint of DynamoDB to every route table that was set', () => {
    const endpoints = ofType(inNetwork.template, 'AWS::EC2::VPCEndpoint').map(([, { Properties }]) => Properties)
    expect(endpoints).toEqual([
      {
        VpcEndpointType: 'Gateway',
        VpcId: vpc.id,
        ServiceName: 'com.amazonaws.${AWS::Region}.dynamodb',
        RouteTableIds: vpc.routeTables,
      },
    ])
  })

  it('posts to connections at the address that the settings name, and may do so for its own stage alone', () => {
    const connectionsUrl = 'https://im-gateway.contoso.test/live'
    const { template, thrown } = made.again({ vpc, upstreamUrl: AT_8443, connectionsUrl })
    const addresses = ofType(template, 'AWS::Lambda::Function').map(([, { Properties }]) => {
      const { Variables } = Object(Properties['Environment'])
      return Object(Variables).CONNECTIONS_URL
    })
    expect(thrown).toBeUndefined()
    expect(new Set(addresses)).toEqual(new Set([undefined, connectionsUrl]))
    expect(template.outputs).toMatchObject({ ConnectionsUrl: { Value: connectionsUrl }, Vpc: { Value: vpc.id } })
    expect(template.outputs['ManagementUrl']).toEqual(inNetwork.template.outputs['ManagementUrl'])
    expect(policiesOf(template)).toEqual(policiesOf(inNetwork.template))
  })

  it('takes fewer route tables than subnets, too', () => {
    const { template } = made.again({ vpc: { ...vpc, routeTables: ['rtb-0a1b2c3d'] } })
    expect(propertiesOf(template, 'DynamoDb')['RouteTableIds']).toEqual(['rtb-0a1b2c3d'])
  })

  it.each([
    ['https://im.contoso.test', [443]],
    [AT_8443, [443, 8443]],
    ['http://im.contoso.test', [80, 443]],
  ])('lets out to CWA at %s and to AWS, and nothing in', (upstreamUrl, ports) => {
    const { template } = upstreamUrl === AT_8443 ? inNetwork : made.again({ vpc, upstreamUrl })
    const { SecurityGroupEgress, SecurityGroupIngress } = propertiesOf(template, 'ToUpstream')
    const out = ports.map((port) => ({ IpProtocol: 'tcp', FromPort: port, ToPort: port, CidrIp: '0.0.0.0/0' }))

    expect(SecurityGroupEgress).toHaveLength(ports.length)
    expect(SecurityGroupEgress).toEqual(expect.arrayContaining(out.map((rule) => expect.objectContaining(rule))))
    expect(SecurityGroupIngress).toBeUndefined()
    expect(ofType(template, 'AWS::EC2::SecurityGroupIngress')).toEqual([])
    expect(ofType(template, 'AWS::EC2::SecurityGroupEgress')).toEqual([])
  })
})

/** What `cdk` would print as a warning. */
function warningsOf({ folder }: Assembly): unknown[] {
  const metadata = readJson<Record<string, { type: string; data: unknown }[]>>(`${folder}/Collaboration.metadata.json`)
  return Object.values(metadata)
    .flat()
    .filter(({ type }) => type === 'aws:cdk:warning')
    .map(({ data }) => data)
}
