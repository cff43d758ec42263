import { arn } from '../../assembly/assembly-references.ts'
import type { FunctionDescription } from '../../assembly/description.ts'

/** The ARN of a local function. */
export function functionArn(name: string): string {
  return arn('lambda', `function:${name}`)
}

/**
 * All variables of a function's environment: its own, those that Lambda sets, and those that the stack adds, the later
 * ones winning. The access key id is the function's name, so that a local endpoint knows who calls; the stack adds the secret.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function lambdaVariables(
  { name, environment, handler, memoryMb, directory }: FunctionDescription,
  logStreamName: string,
  added: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    ...environment,
    AWS_REGION: 'local',
    AWS_DEFAULT_REGION: 'local',
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: logStreamName,
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    _HANDLER: handler,
    LAMBDA_TASK_ROOT: directory,
    AWS_ACCESS_KEY_ID: name,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    TZ: ':UTC',
    ...added,
  }
}
