import { watching } from '../../shared/rules/listener-group.ts'
import { variable } from './environment.ts'

/** How benches are put together for listeners: by the stack's setting. */
export function watchingHere() {
  return watching(Number(variable('SESSIONS_PER_LISTENER')))
}
