import { GATEWAY_LIMITS } from '../rules/aws/gateway-limits.ts'
import { Refusal } from '../rules/refusal.ts'
import type { Action } from './actions.ts'
import { bindingIn, type Binding } from './frame-header.ts'

/** Where a frame has come: only one that was sealed for this place opens here. */
export interface FramePlace {
  readonly device: string
  readonly direction: 'up' | 'down'
  /** Absent: of whichever action. */
  readonly action?: Action
}

/**
 * What a frame says it is bound to, looked at before any key is used: it must say that it is for this place.
 *
 * @throws Refusal `not-for-you`, without a cause, for a frame of another place and for what is no frame
 */
export function bindingAt(frame: string, place: FramePlace): Binding {
  const binding = frame.length > GATEWAY_LIMITS.messageBytes ? undefined : bindingIn(frame)
  if (binding === undefined) throw new Refusal('not-for-you')
  const { device, direction, action } = binding
  if (device !== place.device || direction !== place.direction) throw new Refusal('not-for-you')
  if (place.action !== undefined && action !== place.action) throw new Refusal('not-for-you')
  return binding
}
