import { arn, isObject, objects, type Resolve, type Resource } from './assembly-references.ts'
import type { RuleDescription } from './description.ts'

/**
 * A rule that takes a bus's events, one for each of its targets. Nothing of a pattern is guessed: what is no list of texts
 * (a prefix, say, or a field of `detail`) is not known here.
 *
 * @throws Error that names the field
 */
export function rulesIn({ id, properties }: Resource, resolve: Resolve): RuleDescription[] {
  const { EventPattern, EventBusName = 'default' } = properties
  if (EventPattern === undefined) return []
  const name = String(resolve(EventBusName))
  const busArn = name.startsWith('arn:') ? name : arn('events', `event-bus/${name}`)
  const fields = Object.entries(isObject(EventPattern) ? EventPattern : {})
  const pattern = Object.fromEntries(fields.map(([field, texts]) => [field, textsIn(id, field, texts)]))
  return objects(properties, 'Targets').map((target) => ({
    busArn,
    pattern,
    functionName: String(resolve(target['Arn'])).replace(/^.*:function:/, ''),
  }))
}

function textsIn(rule: string, field: string, texts: unknown): string[] {
  const isKnown = Array.isArray(texts) && texts.every((each) => typeof each === 'string')
  if (!isKnown) throw new Error(`the local EventBridge matches lists of texts, not ${field} of the rule ${rule}`)
  return texts
}
