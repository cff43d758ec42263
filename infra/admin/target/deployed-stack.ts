import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { awsCalls } from '../../../shared/rules/aws/calls.ts'
import { AdminFault } from '../fault.ts'

export interface DeployedStack {
  readonly name: string
  readonly region?: string
  readonly profile?: string
}

/**
 * The outputs of a stack in CloudFormation.
 *
 * @throws AdminFault when there is no such stack there; the SDK's errors pass as they are
 */
export async function outputsOf({ name, ...where }: DeployedStack): Promise<Readonly<Record<string, string>>> {
  const client = new CloudFormationClient({ ...awsCalls('administration'), ...where })
  try {
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: name }))
    const outputs = stack?.Outputs ?? []
    return Object.fromEntries(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]))
  } catch (thrown) {
    // CloudFormation has no name of its own for this.
    if (!(thrown instanceof Error && thrown.name === 'ValidationError' && /does not exist/.test(thrown.message)))
      throw thrown
    const there = where.region === undefined ? 'in this account and region' : `in ${where.region}`
    throw new AdminFault(`there is no stack ${name} ${there}: check --stack, --region and --profile`, { cause: thrown })
  } finally {
    client.destroy()
  }
}
