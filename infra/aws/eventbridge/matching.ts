import type { RuleDescription } from '../assembly/description.ts'
import type { BusEvent } from './event.ts'

/**
 * The functions that an event of a bus starts: the targets of the rules all of whose fields it has, each with one of the
 * texts that the rule takes.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 */
export function targetsOf(event: BusEvent, busArn: string, rules: readonly RuleDescription[]): string[] {
  const has = new Map<string, unknown>(Object.entries(event))
  return rules
    .filter((rule) => rule.busArn === busArn)
    .filter(({ pattern }) =>
      Object.entries(pattern).every(([field, texts]) => texts.some((text) => text === has.get(field))),
    )
    .map(({ functionName }) => functionName)
}
