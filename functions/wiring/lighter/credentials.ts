import { fromEnv } from '@aws-sdk/credential-provider-env'

/**
 * Stands in the bundles for the AWS SDK's chain of credential providers: a Lambda function's credentials are always in
 * its environment, and the chain (files, SSO, STS, instance metadata) weighs about 100 KB.
 */
export function defaultProvider() {
  return fromEnv()
}
