import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { capacity } from '../../../shared/rules/admission.ts'
import { awsCalls } from '../../../shared/rules/aws/calls.ts'
import { DEFAULT_SETTINGS, type Settings } from '../../../shared/rules/settings.ts'
import type { AdminContext } from '../context.ts'
import { inWords } from '../fault.ts'
import { ok, warning, type Check, type Finding } from './check.ts'

const CHECK = 'concurrency'

/** Fewer than this for frames and logins are few: a new account's 10 leave 7 for one listener's sessions. */
const FEW = 50

const MORE = 'ask for more: Service Quotas, AWS Lambda, "Concurrent executions" (L-B99A9384)'

/**
 * How many Lambda functions of this account and region may run at once, and what that is enough for. Over it a frame is
 * answered with an error of the gateway's, which devices repeat, and upkeep starts later: slow, and nothing is lost.
 * https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html
 */
export const concurrencyCheck: Check = {
  looksAt: "the account's concurrency",
  async findings(context) {
    const settings = { ...DEFAULT_SETTINGS, ...(await context.configuration.whatIsSet()) }
    const unreserved = await unreservedIn(context)
    return [typeof unreserved === 'number' ? enoughFor(unreserved, settings, context.target) : unreserved]
  },
}

async function unreservedIn({ target }: AdminContext): Promise<number | Finding> {
  const { endpoint: _, ...where } = target.dynamodb
  const client = new LambdaClient({ ...awsCalls('administration'), ...where })
  try {
    const { AccountLimit } = await client.send(new GetAccountSettingsCommand({}))
    const count = AccountLimit?.UnreservedConcurrentExecutions
    return count ?? warning(CHECK, 'Lambda does not tell it', 'look at the quotas of the account')
  } catch (thrown) {
    const [says = ''] = inWords(thrown, target).split('\n')
    return warning(
      CHECK,
      `not known: ${says}`,
      'allow lambda:GetAccountSettings: README.md in infra/admin has the policy',
    )
  } finally {
    client.destroy()
  }
}

/**
 * Each listener is an environment, two while it hands over, and the schedule's tick is one.
 *
 * @param unreserved concurrent executions that no function has for itself
 */
export function enoughFor(
  unreserved: number,
  settings: Settings,
  { sessionsPerListener }: Pick<AdminContext['target'], 'sessionsPerListener'>,
): Finding {
  const sessions = capacity(settings)
  const listening = 2 * Math.ceil(sessions / sessionsPerListener) + 1
  const left = unreserved - listening
  const says = `${unreserved} functions at once: ${listening} to listen for ${sessions} sessions`
  if (left <= 0) {
    const most = Math.max(0, Math.floor((unreserved - 2) / 2)) * sessionsPerListener
    return warning(
      CHECK,
      `${says} leave none for devices; enough for ${most} sessions`,
      `${MORE}, or set maximumSessions`,
    )
  }
  const words = `${says} leave ${left} for frames and logins at once`
  return left < FEW ? warning(CHECK, `${words}: enough for a few devices, slowly`, MORE) : ok(CHECK, words)
}
