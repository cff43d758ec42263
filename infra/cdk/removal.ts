import { RemovalPolicy } from 'aws-cdk-lib'
import type { StackSettings } from './settings.ts'

/**
 * What becomes of what is kept (tables, logs) with the stack. A first deployment that fails leaves nothing behind either
 * way: `RetainExceptOnCreate` deletes what the same deployment made, which `Retain` would leave as an orphan.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
 */
export function removalOf({ removalPolicy }: StackSettings): RemovalPolicy {
  return removalPolicy === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
}
