import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { awsCalls } from '../../shared/rules/aws/calls.ts'
import type { StartUpkeep } from '../listening/upkeep.ts'
import { variable } from './environment.ts'
import { countingThrottles } from './throttles.ts'

export function upkeepStarter(): StartUpkeep {
  const client = countingThrottles(new LambdaClient(awsCalls('lambda')), 'lambda')
  const FunctionName = variable('UPKEEP_FUNCTION')
  return async (event) => {
    const Payload = new TextEncoder().encode(JSON.stringify(event))
    await client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload }))
  }
}
