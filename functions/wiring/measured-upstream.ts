import type { CwaClient } from '../../shared/cwa/client.ts'
import { Unanswered } from '../../shared/cwa/http/exchange.ts'
import { CwaFault, SignInRefused } from '../../shared/cwa/faults.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Measure } from '../../shared/rules/measures.ts'

/** The same client, whose faults are counted by kind, and whose sign-ins are timed. */
export function measuredUpstream(cwa: CwaClient, measure: Measure, clock: Pick<Clock, 'now'>): CwaClient {
  const counted = async <T>(work: Promise<T>, isAnswer: (thrown: CwaFault) => boolean = () => false): Promise<T> => {
    try {
      return await work
    } catch (thrown) {
      if (thrown instanceof CwaFault && !isAnswer(thrown)) measure('UpstreamFaults', 1, thrown.kind)
      throw thrown
    }
  }
  return {
    async signIn(user, password) {
      const begunAt = clock.now()
      // A wrong password is an answer of a server that works.
      const signedIn = await counted(cwa.signIn(user, password), (thrown) => thrown instanceof SignInRefused)
      measure('SignInTime', clock.now() - begunAt)
      return signedIn
    },
    initiateSession: async (signedIn, options) => counted(cwa.initiateSession(signedIn, options)),
    command: async (session, methods) => counted(cwa.command(session, methods)),
    // A GET may be held for longer than this side waits.
    poll: async (session, options) => counted(cwa.poll(session, options), (thrown) => thrown instanceof Unanswered),
    terminateSession: async (session) => counted(cwa.terminateSession(session)),
    close: cwa.close,
  }
}
