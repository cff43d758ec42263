import { RemovalPolicy, Validations, type Stack } from 'aws-cdk-lib'
import { CfnAccount } from 'aws-cdk-lib/aws-apigateway'
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { StackSettings } from './settings.ts'

const PUSH_TO_LOGS = 'service-role/AmazonAPIGatewayPushToCloudWatchLogs'

/**
 * The role by which API Gateway writes the access logs of WebSocket stages: one for all APIs of an account in a region. A
 * stage that logs cannot be made without it ("CloudWatch Logs role ARN must be set in account settings to enable logging").
 * Other APIs may come to use it, so it stays when the stack goes, whatever the settings say of tables and logs.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html
 *
 * @returns what the stage must wait for; undefined where the account has such a role already
 */
export function accountRole(stack: Stack, { accessLogRole }: StackSettings): CfnAccount | undefined {
  if (accessLogRole === 'exists') return undefined
  const role = new Role(stack, 'AccessLogRole', {
    assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
    managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(PUSH_TO_LOGS)],
  })
  Validations.of(role).acknowledge({
    id: `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${PUSH_TO_LOGS}]`,
    reason: 'The role is for every API of the account, here and to come; AWS keeps this policy to what logging takes.',
  })
  const account = new CfnAccount(stack, 'GatewayAccount', { cloudWatchRoleArn: role.roleArn })
  for (const kept of [role, account]) kept.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
  return account
}
