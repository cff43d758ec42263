import type { KeptSession } from '../../../shared/device/kept-session.ts'
import type { Availability, Command } from '../../../shared/rules/messaging.ts'
import { Disowned } from '../kept/database.ts'
import type { Identity } from '../kept/identity.ts'
import type { Keeper } from '../kept/keeper.ts'
import type { Kept, ResumableSession } from '../model/kept.ts'
import type { Model } from '../model/model.ts'

export interface KeepingOptions {
  readonly keeper: Pick<Keeper, 'keep'>
  readonly identity: Identity
  readonly model: { value: Model }
  /** The session of an earlier visit. */
  readonly session: ResumableSession | undefined
  /** The state that the user goes back to, while the page shows the user as away. */
  readonly back: () => Availability | undefined
}

/** What the page shows and what its device needs to go on, kept together. */
export interface Keeping {
  /** Resolves once things as they are now are kept. Rejects in a tab whose session another tab took. */
  readonly keep: () => Promise<void>
  /** Changes the model, and keeps it. */
  readonly update: (change: (model: Model) => Model) => void
  /** The device's session is this from now on. @param entryOf the entry that a command says */
  readonly session: (kept: KeptSession | undefined, entryOf: (command: Command) => string | undefined) => Promise<void>
}

export function keeping({ keeper, identity, model, session: before, back }: KeepingOptions): Keeping {
  let session = before
  const now = (): Kept => ({ ...model.value, ...(session !== undefined && { session, back: back() }) })
  const keep = () => keeper.keep(now, identity).catch(unlessDisowned)
  return {
    keep,
    update(change) {
      const before = model.value
      model.value = change(before)
      if (model.value !== before) keep().catch(() => {})
    },
    session(kept, entryOf) {
      const entry = kept?.asked === undefined ? undefined : entryOf(kept.asked)
      session = kept === undefined ? undefined : { ...kept, ...(entry !== undefined && { entry }) }
      return keep()
    },
  }
}

/** A browser that keeps nothing (its disk is full) still chats. A tab whose session another tab took does not. */
function unlessDisowned(thrown: unknown): void {
  if (thrown instanceof Disowned) throw thrown
}
