import { audienceOf, deviceToken } from '../../../../shared/wire/token.ts'
import type { AdminContext } from '../../context.ts'
import { ok, wrong, type Finding } from '../check.ts'
import { connectStatus, type ConnectAnswer } from './connect-status.ts'
import type { TrialDevice } from './device.ts'

/** Without a device's key there is no connection: that is tried first, as a stranger would. */
export async function refusedWithoutToken({ target, clock }: AdminContext): Promise<Finding> {
  const { status } = await connectStatus(target.url, clock)
  if (status === 401) return ok('connect without a token', 'is refused (HTTP 401)')
  if (status !== 101) return notConnected('connect without a token', { status })
  const todo = 'the $connect route has no authorizer: deploy the stack as it is in the repository'
  return wrong('connect without a token', 'is let in: anybody can hold a connection', todo)
}

/** The upgrade alone, with the device's token. */
export async function connected({ target, clock }: AdminContext, { id, transportKey }: TrialDevice): Promise<Finding> {
  const began = clock.now()
  const url = new URL(target.url)
  const audience = audienceOf(target.url)
  url.searchParams.set('token', await deviceToken({ device: id, audience }, transportKey, began))
  const answer = await connectStatus(url.href, clock)
  if (answer.status !== 101) return notConnected('connect', answer)
  return ok('connect', `a device is let in (HTTP 101) within ${clock.now() - began} ms`)
}

/** Which part of API Gateway answers so, and what to do about it. */
function notConnected(check: string, { status, error }: ConnectAnswer): Finding {
  const says = `API Gateway answers HTTP ${status}${error === undefined ? '' : ` (${error})`}`
  return wrong(check, says, TODO[status] ?? 'look at the access log of the stage: its field error says why')
}

const TODO: Readonly<Record<number, string>> = {
  401: "the authorizer does not know the token: compare this machine's clock with the service's, and look at the log of the function authorize",
  403: 'the authorizer denies the device, or a firewall (WAF) stands before the API: look at the log of the function authorize',
  404: 'there is no such stage: compare the output Url with where this request went',
  429: 'the stage or the account is throttled: raise collaboration:throttle, or wait and try again',
  500: 'the authorizer fails, or the integration of $connect has no response: look at the log of the function authorize, then at the access log of the stage',
  503: 'API Gateway is not there at the moment: try again',
}
