import type { Clock } from '../../shared/clock.ts'
import type { Measure } from '../../shared/rules/measures.ts'
import { UpstreamFault } from '../../shared/upstream/fault.ts'
import type { Listening, Upstream } from '../../shared/upstream/upstream.ts'

/** The same server, whose faults are counted by kind, and whose sign-ins are timed. */
export function measuredUpstream(server: Upstream, measure: Measure, clock: Pick<Clock, 'now'>): Upstream {
  const counted = faultsMeasured(measure)
  return {
    capabilities: server.capabilities,
    async logIn(user, password, options) {
      const begunAt = clock.now()
      // A wrong password is an answer of a server that works.
      const loggedIn = await counted(server.logIn(user, password, options), ({ kind }) => kind === 'wrong-password')
      measure('SignInTime', clock.now() - begunAt)
      return loggedIn
    },
    listen(): Listening {
      const own = server.listen()
      // The server may hold an answer for longer than this side waits.
      return { next: async (...asked) => counted(own.next(...asked), ({ timedOut }) => timedOut) }
    },
    send: async (state, command, key) => counted(server.send(state, command, key)),
    logOut: async (state) => counted(server.logOut(state)),
    warmUp: server.warmUp,
    close: server.close,
  }
}

/** Counts the faults of what a server is asked, but for those that are its answer. */
export function faultsMeasured(measure: Measure) {
  return async <T>(work: Promise<T>, isAnswer: (fault: UpstreamFault) => boolean = () => false): Promise<T> => {
    try {
      return await work
    } catch (thrown) {
      if (thrown instanceof UpstreamFault && !isAnswer(thrown)) measure('UpstreamFaults', 1, thrown.kind)
      throw thrown
    }
  }
}
