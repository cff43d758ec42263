import { XMLParser } from 'fast-xml-parser'
import { awsAnswer, type AwsAnswer, type AwsCall } from '../target/aws-call.ts'
import type { AdminContext } from '../context.ts'
import { inWords } from '../fault.ts'
import { ok, warning, wrong, type Check, type Finding } from './check.ts'

/** API Gateway's CloudWatch role: without it access logs stop without a word, and the stage cannot be made anew. */
export const accessLogRoleCheck: Check = {
  looksAt: "API Gateway's CloudWatch role",
  async findings(context) {
    const check = 'access logs'
    const endpoint = context.environment['AWS_ENDPOINT_URL_API_GATEWAY']
    const answer = await asked(context, { service: 'apigateway', endpoint, path: '/account' })
    if (typeof answer === 'string') return [unknown(check, answer, 'apigateway:GET on /account')]
    const { cloudwatchRoleArn: role }: { cloudwatchRoleArn?: unknown } = Object(JSON.parse(answer.text))
    return typeof role === 'string' && role !== ''
      ? [ok(check, `API Gateway writes them as ${role}`)]
      : [wrong(check, 'API Gateway has no CloudWatch role in this account and region', ROLE_TODO)]
  },
}

const ROLE_TODO =
  'deploy with collaboration:accessLogRole=create, or give the account one (aws apigateway update-account)'

/**
 * Whether the functions' VPC has an interface endpoint of execute-api with private DNS: it answers for every API's host
 * name, and refuses the @connections of a WebSocket API with 403.
 */
export const connectionsCheck: Check = {
  looksAt: 'the way to connections',
  async findings(context) {
    const { vpc, connections } = context.target
    if (vpc === undefined) return []
    const check = 'posts to devices'
    if (vpc.connectionsUrl !== connections.endpoint) return [ok(check, `go to ${vpc.connectionsUrl}`)]
    const answer = await asked(context, endpointsOf(vpc.id, context.environment['AWS_ENDPOINT_URL_EC2']))
    if (typeof answer === 'string') return [unknown(check, answer, 'ec2:DescribeVpcEndpoints')]
    const inTheWay = endpointsIn(answer.text).filter(({ privateDnsEnabled }) => privateDnsEnabled === 'true')
    return inTheWay.length === 0
      ? [ok(check, `leave ${vpc.id} by its NAT gateway: it has no endpoint of execute-api with private DNS`)]
      : inTheWay.map(({ vpcEndpointId }) =>
          wrong(check, `are refused (403) by ${vpcEndpointId} in ${vpc.id}, an endpoint with private DNS`, WAY_TODO),
        )
  },
}

const WAY_TODO = 'give the API a custom domain and its URL to collaboration:connectionsUrl, or switch private DNS off'

/** EC2 API reference, DescribeVpcEndpoints. In China the service's name begins with `cn.`. */
function endpointsOf(vpc: string, endpoint: string | undefined): AwsCall {
  const query = {
    Action: 'DescribeVpcEndpoints',
    Version: '2016-11-15',
    'Filter.1.Name': 'vpc-id',
    'Filter.1.Value.1': vpc,
    'Filter.2.Name': 'service-name',
    'Filter.2.Value.1': '*.execute-api',
  }
  return { service: 'ec2', endpoint, path: '/', query }
}

interface VpcEndpoint {
  readonly vpcEndpointId?: string
  readonly privateDnsEnabled?: string
}

const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === 'item' })

function endpointsIn(xml: string): VpcEndpoint[] {
  const { DescribeVpcEndpointsResponse: answer } = Object(parser.parse(xml))
  const { item = [] }: { item?: VpcEndpoint[] } = Object(Object(answer).vpcEndpointSet)
  return item
}

/** The answer, or why there is none. */
async function asked({ client, target }: AdminContext, call: AwsCall): Promise<AwsAnswer | string> {
  try {
    const answer = await awsAnswer(client, target.connections.endpoint, call)
    return answer.status === 200 ? answer : `AWS answers ${answer.status}`
  } catch (thrown) {
    return inWords(thrown).split('\n', 1)[0] ?? ''
  }
}

/** What cannot be known is no fault of the service. */
function unknown(check: string, why: string, action: string): Finding {
  return warning(check, `cannot be looked at: ${why}`, `the role you use needs ${action}, and a way to AWS`)
}
