import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { variable } from './environment.ts'

/** Starts upkeep for one bench, without waiting for what it does. */
export type StartUpkeep = (bench: number) => Promise<void>

export function upkeepStarter(): StartUpkeep {
  const client = new LambdaClient()
  const FunctionName = variable('UPKEEP_FUNCTION')
  return async (bench) => {
    const Payload = new TextEncoder().encode(JSON.stringify({ bench }))
    await client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload }))
  }
}
