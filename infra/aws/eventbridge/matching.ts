import type { EventPattern, RuleDescription } from '../assembly/description.ts'
import type { BusEvent } from './event.ts'

/**
 * The functions that an event of a bus starts: the targets of the rules whose pattern it matches.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 */
export function targetsOf(event: BusEvent, busArn: string, rules: readonly RuleDescription[]): string[] {
  return rules
    .filter((rule) => rule.busArn === busArn && matches(event, rule.pattern))
    .map(({ functionName }) => functionName)
}

/**
 * Whether an event has every field of the pattern, with one of the values that the pattern lists there, character by
 * character; where the event has a list, one of its values will do.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html
 */
function matches(event: unknown, pattern: EventPattern): boolean {
  if (Array.isArray(event)) return event.some((each) => matches(each, pattern))
  if (typeof event !== 'object' || event === null) return false
  const has = new Map<string, unknown>(Object.entries(event))
  return Object.entries(pattern).every(([field, wanted]) => {
    const found = has.get(field)
    if (!isList(wanted)) return matches(found, wanted)
    const values: readonly unknown[] = Array.isArray(found) ? found : [found]
    return wanted.some((value) => values.includes(value))
  })
}

const isList = <T>(value: readonly T[] | EventPattern): value is readonly T[] => Array.isArray(value)
