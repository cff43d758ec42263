import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { awsCalls } from '../../shared/rules/aws-calls.ts'
import { variable } from './environment.ts'
import { countingThrottles } from './throttles.ts'

export interface UpkeepEvent {
  /** The group to listen for. The schedule names none: then every shard is looked at. */
  readonly group?: number
  /** The listener to take it over from, which goes on until this one listens. */
  readonly from?: string
}

/** Starts upkeep for one group, without waiting for what it does. */
export type StartUpkeep = (event: UpkeepEvent & { readonly group: number }) => Promise<void>

export function upkeepStarter(): StartUpkeep {
  const client = countingThrottles(new LambdaClient(awsCalls('lambda')), 'lambda')
  const FunctionName = variable('UPKEEP_FUNCTION')
  return async (event) => {
    const Payload = new TextEncoder().encode(JSON.stringify(event))
    await client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload }))
  }
}
