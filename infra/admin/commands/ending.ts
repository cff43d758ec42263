import { UpstreamFault } from '../../../shared/upstream/fault.ts'
import type { Upstream } from '../../../shared/upstream/upstream.ts'
import { formerOf, type Seat } from '../../../shared/rules/seat.ts'
import type { Session } from '../../../shared/store/sessions.ts'
import { Unsealable } from '../../../shared/store/keys/vault.ts'
import type { AdminContext } from '../context.ts'

/** `--json` of `sessions end`. */
export interface SessionsEnded {
  readonly ended: readonly SessionEnded[]
  /** Sessions that were gone by then. */
  readonly gone: readonly string[]
}

export interface SessionEnded {
  readonly session: string
  readonly device: string
  readonly user?: string
  /** Whether it was signed out of the web IM server. `times-out`: it ends there by the server's own timeout. */
  readonly upstream: 'signed-out' | 'times-out'
}

/**
 * Ends sessions, once the administrator agrees. The seat first: the session's listener finds it gone within a
 * second, and stops. A session ends whatever its device does meanwhile, so the seat need only be the session's still.
 */
export async function endSessions(context: AdminContext, seats: readonly Seat[]): Promise<void> {
  const { ask, out } = context
  if (seats.length > 0) await ask.sure(`End ${seats.map(named).join(', ')}?`)
  const { ended, gone, why } = await endEach(context, seats)
  const value: SessionsEnded = { ended, gone }
  const lines = [
    ...ended.map(({ session, device, user = '-' }) => `${session} of ${user} on ${device}: ended`),
    ...gone.map((session) => `${session}: was gone already`),
  ]
  out.result(value, lines.length === 0 ? ['there is no such session: nothing to end'] : lines)
  if (why !== undefined) out.note(`not signed out of the server upstream, where it ends by its own timeout: ${why}`)
}

/** Ends sessions, without asking. `why`: why one was not signed out upstream. */
export async function endEach(
  context: AdminContext,
  seats: readonly Seat[],
): Promise<SessionsEnded & { readonly why: string | undefined }> {
  const ended: SessionEnded[] = []
  const gone: string[] = []
  const endSession = endings(context)
  try {
    for (const seat of seats) {
      const { session, device } = seat
      const user = seat.state === 'open' ? { user: seat.user } : {}
      const left = formerOf(seat)
      // Before its seat goes, which alone knows it: what waits is handed over at the device's next login.
      if (seat.state === 'open' && left !== undefined) await context.sessions.leave(device, left)
      const freed = await context.seats.free(session)
      // Said to one that is gone, too: a lost answer makes our own success look so, and the one who ended it may have died.
      const upstream = await endSession.say(session)
      if (freed) ended.push({ session, device, ...user, upstream })
      else gone.push(session)
      context.out.progress('ended', ended.length + gone.length, seats.length)
    }
  } finally {
    endSession.close()
  }
  return { ended, gone, why: endSession.why() }
}

function named(seat: Seat): string {
  return seat.state === 'open' ? `the session of ${seat.user} on ${seat.device}` : `the login of ${seat.device}`
}

/** Signs sessions out upstream, as far as that can be reached from here. After the first failure it is not tried again. */
function endings({ sessions, upstream }: AdminContext) {
  let server: Upstream | undefined
  let why: string | undefined

  const signedOut = async (kept: Session): Promise<boolean> => {
    server ??= upstream()?.server
    if (server === undefined) why = 'the stack does not say where the server upstream is'
    if (why !== undefined) return false
    try {
      await server?.logOut(kept.state)
      return true
    } catch (thrown) {
      if (!(thrown instanceof UpstreamFault)) throw thrown
      // A state that is refused is this session's alone; a server that is away is away for all.
      if (thrown.kind === 'again') why = thrown.message
      return false
    }
  }
  return {
    async say(session: string): Promise<SessionEnded['upstream']> {
      const kept = await sessions.remove(session).catch((thrown: unknown) => {
        // A secret that does not open any more signs no user out; the session is gone here all the same.
        if (!(thrown instanceof Unsealable)) throw thrown
        why ??= thrown.message
        return undefined
      })
      return kept !== undefined && (await signedOut(kept)) ? 'signed-out' : 'times-out'
    },
    why: () => why,
    close: () => server?.close(),
  }
}
