import { Refusal } from '../../shared/rules/refusal.ts'
import { ACTIONS } from '../../shared/wire/actions.ts'

/** The story of a message that no route takes: a refusal whose words say what would be. @throws Refusal */
export function unknownAction(body: string | undefined): never {
  const accepted = ACTIONS.join(', ')
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
