import { grouping } from '../../shared/rules/listener-group.ts'
import { variable } from './environment.ts'

/** How shards are put together for listeners: by the stack's setting. */
export function groupingHere() {
  return grouping(Number(variable('SESSIONS_PER_LISTENER')))
}
