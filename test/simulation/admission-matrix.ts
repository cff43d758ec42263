import { homeserver } from '../../infra/standin/matrix/homeserver.ts'
import { No, type Request } from '../../infra/standin/matrix/request.ts'
import { matrixUpstream } from '../../shared/matrix/upstream.ts'
import type { Upstream } from '../../shared/upstream/upstream.ts'
import type { Simulation } from '../kit/simulation/simulation.ts'
import { simulatedExchange } from './matrix-exchange.ts'

/**
 * The stand-in Matrix server with the whole client on it, but for its sockets, in a schedule of admission. A login is four
 * requests here (the place of the server, sign-in, presence, a place to listen from) and the wait for the first events: any
 * of them may be lost, refused for a while, or done and answered with an error.
 *
 * @param user whose sessions these are, as the schedule calls them
 */
export function admissionMatrix(world: Simulation, user: string): Upstream {
  const { random, clock } = world
  const server = homeserver({ users: [{ user: 'ann', password: 'right' }], clock, tokenLifeMs: 10 * 60_000 })
  /** Where answers get lost, the server also says now and then that it is too much, or breaks down over what it has done. */
  const handle = (request: Request) => {
    if (!world.chanceOf('answerLost')) return server.handle(request)
    if (random.chance(0.5))
      return new No(429, 'M_LIMIT_EXCEEDED', 'Too Many Requests', { retry_after_ms: 500 }).answer()
    server.handle(request)
    return new No(500, 'M_UNKNOWN', 'Internal Server Error').answer()
  }
  const exchange = simulatedExchange(world, handle)
  const upstream = matrixUpstream({ url: 'http://memory', exchange, clock, close: () => {} })
  return {
    ...upstream,
    logIn: (name, ...rest) => upstream.logIn(name === user ? 'ann' : name, ...rest),
  }
}
