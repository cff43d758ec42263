import { arn, isObject, objects, type Properties, type Resolve, type Resource } from './assembly-references.ts'
import type { EventPattern, RuleDescription } from './description.ts'

/**
 * A rule that takes a bus's events, one for each of its targets. Nothing of a pattern is guessed: values that are to be
 * equal are known, content filters (a prefix, say) and numbers, which EventBridge compares as they are written, are not.
 * A pattern may be JSON as text, since CloudFormation takes no null otherwise.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-null-values.html
 *
 * @throws Error that names the rule and the field, and says what is taken
 */
export function rulesIn({ id, properties }: Resource, resolve: Resolve): RuleDescription[] {
  const { EventPattern, EventBusName = 'default' } = properties
  if (EventPattern === undefined) return []
  const name = String(resolve(EventBusName))
  const busArn = name.startsWith('arn:') ? name : arn('events', `event-bus/${name}`)
  const given: unknown = typeof EventPattern === 'string' ? JSON.parse(EventPattern) : resolve(EventPattern)
  const pattern = patternIn(given, [], id)
  return objects(properties, 'Targets').map((target) => ({
    busArn,
    pattern,
    functionName: String(resolve(target['Arn'])).replace(/^.*:function:/, ''),
  }))
}

function patternIn(fields: unknown, path: readonly string[], rule: string): EventPattern {
  if (!isObject(fields) || Object.keys(fields).length === 0) throw unknown(fields, path, rule)
  return Object.fromEntries(
    Object.entries(fields).map(([field, wanted]) => {
      const at = [...path, field]
      // `$or` is no field, but a list of patterns.
      if (field.startsWith('$')) throw unknown(wanted, at, rule)
      return [field, isObject(wanted) ? patternIn(wanted, at, rule) : valuesIn(wanted, at, rule)]
    }),
  )
}

/** AWS takes no empty list either. */
function valuesIn(wanted: Exclude<unknown, Properties>, path: readonly string[], rule: string) {
  if (!Array.isArray(wanted) || wanted.length === 0) throw unknown(wanted, path, rule)
  return wanted.map((value: unknown) => {
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
    throw unknown(value, path, rule)
  })
}

function unknown(found: unknown, path: readonly string[], rule: string): Error {
  const where = path.length === 0 ? 'the pattern' : path.join('.')
  return new Error(
    `the local EventBridge cannot match ${JSON.stringify(found)} at ${where} of the rule ${rule}: it takes a list of texts, ` +
      'true, false or null, at any depth. Write the pattern so, or add the filter to infra/aws/eventbridge/matching.ts',
  )
}
