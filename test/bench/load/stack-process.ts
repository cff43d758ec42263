import { sparingEnvironments } from '../../../infra/local/sparing.ts'
import { crowd } from '../crowd.ts'
import { serve } from '../own-process.ts'
import type { Apart } from './stack-apart.ts'

/*
 * The whole local stack in a process of its own, for as many users as it is asked for: says where it is and who may log
 * in, and ends when it is asked to.   node stack-process.ts COUNT
 */
const own = await crowd({
  count: Number(process.argv[2]),
  lambda: { quickEnvironments: sparingEnvironments() },
})
const { url, description, lambda } = own.running

serve(async (what) => {
  if (what === 'stop') {
    await own.stop()
    return ''
  }
  if (what === 'environments')
    return String(description.functions.reduce((sum, { name }) => sum + lambda.environments(name), 0))
  const members = own.members.map(({ person, uri, transportKey }) => ({
    uri,
    device: person.device,
    login: person.login,
    password: person.password,
    transportKey: Buffer.from(transportKey).toString('base64url'),
  }))
  return JSON.stringify({ url, members } satisfies Apart)
})
