import type { Answer, Held, Request } from '../../infra/standin/matrix/request.ts'
import type { Exchange } from '../../shared/matrix/server.ts'
import { requestOf } from '../kit/matrix.ts'
import { abortable } from '../kit/memory/upstream.ts'
import type { Simulation } from '../kit/simulation/simulation.ts'
import { network } from './network.ts'

/** The way to the stand-in Matrix server in a schedule: requests are lost on it, and answers. */
export function simulatedExchange(world: Simulation, handle: (request: Request) => Answer | Held): Exchange {
  const way = network(world)
  return (_, asked) => {
    const { signal } = asked
    const request = requestOf(asked)
    const work = async () => {
      const first = await way(`${asked.method} ${request.path}`, () => handle(request))
      signal?.throwIfAborted()
      if ('ready' in first) await first.ready(signal)
      const { status, body, headers = {} } = 'ready' in first ? await way('events', first.answer) : first
      return { status, headers, body: JSON.stringify(body) }
    }
    return abortable(signal, work())
  }
}
