import { object, resourcesOf, type Resolve, type Template } from './assembly-references.ts'
import type { FunctionDescription } from './description.ts'

/** Lambda tries an asynchronous event three times, unless an EventInvokeConfig says otherwise. */
const RETRY_ATTEMPTS = 2

/**
 * What the template says of a function's asynchronous events: retries, maximum age, and where those go that are given up.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventinvokeconfig.html
 *
 * @param id the function's logical id
 */
export function asyncIn(
  template: Template,
  id: string,
  resolve: Resolve,
): Pick<FunctionDescription, 'retryAttempts' | 'eventAgeMs' | 'onFailure'> {
  const config = resourcesOf(template, 'AWS::Lambda::EventInvokeConfig').find(
    ({ properties }) => JSON.stringify(properties['FunctionName']) === JSON.stringify({ Ref: id }),
  )
  if (config === undefined) return { retryAttempts: RETRY_ATTEMPTS }
  const { MaximumRetryAttempts: attempts, MaximumEventAgeInSeconds: ageS } = config.properties
  const { Destination } = object(object(config.properties, 'DestinationConfig'), 'OnFailure')
  return {
    retryAttempts: typeof attempts === 'number' ? attempts : RETRY_ATTEMPTS,
    ...(typeof ageS === 'number' && { eventAgeMs: ageS * 1_000 }),
    ...(Destination !== undefined && { onFailure: String(resolve(Destination)) }),
  }
}
