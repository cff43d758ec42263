import { Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib'
import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { isTopicArn, type StackSettings } from '../settings.ts'

/**
 * Where alarms are published: the team's own topic, or one of the stack that sends mail; undefined where none is set.
 *
 * The topic is encrypted by a key of its own ($1 a month): CloudWatch may not use the AWS managed key of SNS, whose policy
 * is fixed (AWS Knowledge Center, "How do I configure a CloudWatch alarm with an encrypted SNS topic").
 */
export function alarmAction(stack: Stack, { alarms: address }: StackSettings): IAlarmAction | undefined {
  if (address === undefined) return undefined
  if (isTopicArn(address)) return new SnsAction(Topic.fromTopicArn(stack, 'AlarmTopic', address))
  const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com', {
    conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
  })
  const masterKey = new Key(stack, 'AlarmKey', {
    enableKeyRotation: true,
    description: `Encrypts the alarms of ${stack.stackName} on their way`,
    // It encrypts nothing that is kept. Without a policy the CDK retains a key, whatever becomes of the deployment; KMS
    // deletes it after the shortest wait that it has, and takes nothing for a key that waits:
    // https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
    removalPolicy: RemovalPolicy.DESTROY,
    pendingWindow: Duration.days(7),
  })
  masterKey.addToResourcePolicy(
    new PolicyStatement({
      actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      principals: [cloudWatch],
      // In a key's policy this is the key itself.
      resources: ['*'],
    }),
  )
  const topic = new Topic(stack, 'AlarmTopic', { masterKey, enforceSSL: true })
  topic.addToResourcePolicy(
    new PolicyStatement({ actions: ['sns:Publish'], principals: [cloudWatch], resources: [topic.topicArn] }),
  )
  topic.addSubscription(new EmailSubscription(address))
  return new SnsAction(topic)
}
