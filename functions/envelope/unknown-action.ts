import { Refusal } from '../../shared/rules/refusal.ts'
import { ACTIONS, PUSH_ACTIONS } from '../../shared/wire/actions.ts'

/** A frame of these comes here only where the service has no route for them. */
const ONLY_SOMEWHERE: ReadonlySet<string> = new Set(PUSH_ACTIONS)

/** The story of a message that no route takes: a refusal whose words say what would be. @throws Refusal */
export function unknownAction(body: string | undefined): never {
  const accepted = ACTIONS.filter((action) => !ONLY_SOMEWHERE.has(action)).join(', ')
  if (!isJson(body)) {
    throw new Refusal('bad-frame', { reason: `expected JSON text {"action", "frame"}, action one of ${accepted}` })
  }
  throw new Refusal('unknown-action', { reason: `action: expected one of ${accepted}` })
}

function isJson(body: string | undefined): boolean {
  try {
    JSON.parse(body ?? '')
    return true
  } catch {
    return false
  }
}
