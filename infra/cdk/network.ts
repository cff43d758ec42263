import { Validations, type Stack } from 'aws-cdk-lib'
import {
  CfnVPCEndpoint,
  GatewayVpcEndpointAwsService,
  Peer,
  Port,
  SecurityGroup,
  Subnet,
  Vpc,
  VpcEndpointType,
} from 'aws-cdk-lib/aws-ec2'
import type { FunctionOptions } from 'aws-cdk-lib/aws-lambda'
import type { StackSettings } from './settings.ts'

/** What a function is given to stand in the network from which CWA can be reached. */
export type UpstreamNetwork = Required<Pick<FunctionOptions, 'vpc' | 'vpcSubnets' | 'securityGroups'>>

/**
 * The team's VPC, for the functions that talk to an on-premises CWA; undefined where none is set.
 *
 * DynamoDB is reached by a gateway endpoint, which costs nothing. @connections and Lambda are not: a WebSocket API has no
 * private endpoint, so the subnets' default route must lead to a NAT gateway. Without it posts hang until they time out
 * (aws-sdk-go-v2 issue 1534, rusoto issue 1659). Where the VPC has an interface endpoint of execute-api with private DNS,
 * that endpoint answers for @connections, too, and refuses each post: 403. The setting connectionsUrl leads past it
 * (AWS Knowledge Center, "api-gateway-vpc-connections").
 */
export function upstreamNetwork(
  stack: Stack,
  { vpc: settings, upstreamUrl }: StackSettings,
): UpstreamNetwork | undefined {
  if (settings === undefined) return undefined
  const { id: vpcId, availabilityZones } = settings
  const vpc = Vpc.fromVpcAttributes(stack, 'Network', { vpcId, availabilityZones })
  const subnets = settings.subnets.map((subnetId, index) => Subnet.fromSubnetId(stack, `Subnet${index}`, subnetId))
  Validations.of(stack).acknowledge({
    id: '@aws-cdk/aws-ec2:noSubnetRouteTableId',
    reason: 'The endpoint takes the route tables as they are set, not from the subnets.',
  })
  // A route table takes one of a service: another one fails the deployment with RouteAlreadyExists (eksctl issue 4377).
  if (settings.dynamoDbEndpoint === 'create') {
    new CfnVPCEndpoint(stack, 'DynamoDb', {
      vpcId,
      routeTableIds: settings.routeTables,
      serviceName: GatewayVpcEndpointAwsService.DYNAMODB.name,
      vpcEndpointType: VpcEndpointType.GATEWAY,
    })
  }

  const securityGroup = new SecurityGroup(stack, 'ToUpstream', {
    vpc,
    allowAllOutbound: false,
    description: 'To CWA, and over HTTPS to DynamoDB, Lambda and @connections',
  })
  const cwaPort = Number(new URL(upstreamUrl).port) || (upstreamUrl.startsWith('https:') ? 443 : 80)
  for (const port of new Set([443, cwaPort])) securityGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(port))
  return { vpc, vpcSubnets: { subnets }, securityGroups: [securityGroup] }
}
