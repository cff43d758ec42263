import type { Credentials } from '../../shared/sdk/signature.ts'

/** The variables that the stack gives to functions; each function gets only those that it reads. */
export type Variable =
  | 'CONFIGURATION_TABLE'
  | 'SESSIONS_TABLE'
  | 'MASTER_KEY'
  | 'URL_SUFFIX'
  | 'CONNECTIONS_URL'
  | 'UPKEEP_FUNCTION'
  | 'SESSIONS_PER_LISTENER'
  | 'WAKING_BUS'
  | 'PUSH_CONTACT'
  | 'PUSH_SERVICES'
  | 'UPSTREAM_URL'
  | 'CWA_CODEC'
  | 'UPSTREAM_CA'
  | 'UPSTREAM_LEGACY_TLS'

export function variable(name: Variable): string {
  const value = process.env[name]
  if (value === undefined)
    throw new Error(`the variable ${name} is not set: the stack gives it, see infra/cdk/stack.ts`)
  return value
}

/** A variable that may be left out. */
export function variableIfSet(name: Variable): string | undefined {
  return process.env[name] || undefined
}

/** A function's own, which are in its environment. */
export function credentialsHere(): Credentials {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN } = process.env
  const sessionToken = AWS_SESSION_TOKEN !== undefined && { sessionToken: AWS_SESSION_TOKEN }
  return { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY, ...sessionToken }
}

/**
 * The SDK's variables for another endpoint, which the local stack sets; otherwise AWS's, under its partition's suffix as
 * CloudFormation tells it: `amazonaws.com` is that of two partitions only.
 */
export function endpointOf(service: 'ssm' | 'kms' | 'lambda', region: string): string {
  const other = process.env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? process.env['AWS_ENDPOINT_URL']
  return other ?? `https://${service}.${region}.${variable('URL_SUFFIX')}`
}
