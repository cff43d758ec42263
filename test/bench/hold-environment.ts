import { randomUUID } from 'node:crypto'
import { serve } from './own-process.ts'

/*
 * A Lambda environment in a process of its own: loads the bundle that it is given, and runs its handler with the events
 * that it is sent.   node hold-environment.ts FILE TIMEOUT_MS
 */
const [file = '', timeout = ''] = process.argv.slice(2)
const { handler }: { handler: (event: unknown, context: unknown) => Promise<unknown> } = await import(file)

serve(async (event) => {
  const endsAt = performance.now() + Number(timeout)
  const getRemainingTimeInMillis = () => Math.max(0, endsAt - performance.now())
  const result = await handler(JSON.parse(event), { awsRequestId: randomUUID(), getRemainingTimeInMillis })
  return JSON.stringify(result) ?? 'null'
})
