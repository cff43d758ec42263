import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { WebSocket } from 'ws'
import { measured } from './measured.ts'
import type { Taken } from './own-process.ts'

/** The least that a service of this kind could be: bare HTTP GETs that are held, relayed to bare WebSockets. */
export interface Floor {
  /** Has as many connections and held GETs as this. */
  readonly grow: (sessions: number) => Promise<void>
  /** An event for one of them, once its GET is held: how long it takes to come, in milliseconds. */
  readonly event: (session: number) => Promise<number>
  readonly taken: () => Promise<Taken>
  readonly stop: () => Promise<void>
}

export async function floor(): Promise<Floor> {
  const held = new Map<number, ServerResponse>()
  const waiting = new Map<number, () => void>()
  const server = createServer((request, response) => {
    const session = Number(request.url?.slice(1))
    held.set(session, response)
    waiting.get(session)?.()
    waiting.delete(session)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const relay = measured({ module: './hold-floor.ts', args: [`http://127.0.0.1:${port}`], variables: {} })
  const url = await relay.act('')
  const sockets: WebSocket[] = []

  const untilHeld = async (session: number): Promise<void> => {
    if (!held.has(session)) await new Promise<void>((resolve) => waiting.set(session, resolve))
  }

  return {
    taken: relay.taken,
    async grow(sessions) {
      while (sockets.length < sessions) {
        const session = sockets.length
        const socket = new WebSocket(`${url}/${session}`)
        sockets.push(socket)
        await once(socket, 'open')
        await untilHeld(session)
      }
    },
    async event(session) {
      await untilHeld(session)
      const response = held.get(session)
      held.delete(session)
      const startedAt = performance.now()
      const arrived = once(sockets[session] ?? new WebSocket(url), 'message')
      response?.end('Are you there?')
      await arrived
      return performance.now() - startedAt
    },
    async stop() {
      for (const socket of sockets) socket.terminate()
      await relay.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
