import { LOCAL } from './assembly/assembly-references.ts'
import type { PolicyStatement } from './assembly/description.ts'

/**
 * Whether a role with these statements may do `action` (for example `dynamodb:GetItem`) on `resource` (an ARN). An
 * explicit Deny wins over every Allow, and what nothing allows is denied. `*` stands for any run of characters, `?` for
 * one. Actions are compared without regard to case, ARNs as they are. A statement with leading keys applies where each
 * partition key that is asked for matches one of them; where it is not known which are, it does not. Principals and
 * NotAction do not occur in a function's role here and are not read. An authorizer's policy is evaluated by this, too.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function allows(
  statements: readonly PolicyStatement[],
  action: string,
  resource: string,
  partitionKeys?: readonly string[],
): boolean {
  const applying = statements.filter(
    ({ actions, resources, leadingKeys }) =>
      actions.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
      resources.some((pattern) => matches(pattern, resource)) &&
      (leadingKeys === undefined ||
        partitionKeys?.every((key) => leadingKeys.some((pattern) => matches(pattern, key))) === true),
  )
  return applying.length > 0 && applying.every(({ effect }) => effect === 'Allow')
}

/** The words in which AWS refuses. They name the caller, the action and the resource, so that the grant can be written. */
export function denial(caller: string, action: string, resource: string): string {
  const user = `arn:aws:sts::${LOCAL.account}:assumed-role/${caller}/${caller}`
  return `User: ${user} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`
}

/** Walks both strings once and goes back to the last star only: no pattern takes more steps than both lengths multiplied. */
function matches(pattern: string, text: string): boolean {
  let [at, star, resume] = [0, -1, 0]
  for (let i = 0; i < text.length;) {
    if (pattern[at] === '*') {
      star = at++
      resume = i
    } else if (pattern[at] === '?' || pattern[at] === text[i]) {
      at++
      i++
    } else if (star >= 0) {
      at = star + 1
      i = ++resume
    } else return false
  }
  return /^\**$/.test(pattern.slice(at))
}
