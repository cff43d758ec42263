import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { connection } from './connection.ts'
import type { Connection } from './connection.ts'
import { disconnected } from './disconnect.ts'
import { endingWith } from './ending.ts'
import type { Ending } from './ending.ts'
import type { ConnectionFacts } from '../events.ts'
import { handle } from '../frames/message.ts'
import type { Stage } from '../stage.ts'
import type { UnderWay } from '../../under-way.ts'

/** Every connection of a stage. */
export interface Connections {
  readonly find: (connectionId: string) => Connection | undefined
  readonly count: () => number
  readonly open: (facts: ConnectionFacts, ws: WebSocket, socket: Duplex) => void
  /** A client that left while its `$connect` ran: the function may have written it down. */
  readonly lost: (facts: ConnectionFacts) => void
  readonly closeAll: (code: number, reason: string) => void
  /** Cuts the wires of the chosen connections; how many these were. */
  readonly silence: (chosen: (facts: ConnectionFacts) => boolean) => number
}

export interface ConnectionsOptions {
  readonly stage: Stage
  readonly underWay: UnderWay
  readonly dropDisconnect: () => boolean
}

export function connections({ stage, underWay, dropDisconnect }: ConnectionsOptions): Connections {
  const byId = new Map<string, Connection>()

  async function end(facts: ConnectionFacts, ending: Ending) {
    byId.delete(facts.connectionId)
    if (!dropDisconnect()) await disconnected(stage, facts, ending)
  }

  async function answer(facts: ConnectionFacts, text: string) {
    const reply = await handle(stage, facts, text)
    if (reply !== undefined) byId.get(facts.connectionId)?.send(reply)
  }

  return {
    find: (connectionId) => byId.get(connectionId),
    count: () => byId.size,
    open(facts, ws, socket) {
      // Each message for itself: AWS promises no order, so none is made up here.
      const onText = (text: string) => underWay.add(answer(facts, text))
      const opened = connection({ stage, facts, ws, socket, onText })
      byId.set(facts.connectionId, opened)
      underWay.add(opened.closed.then((ending) => end(facts, ending)))
    },
    lost: (facts) => underWay.add(end(facts, endingWith(1006))),
    closeAll(code, reason) {
      for (const each of byId.values()) each.close(code, reason)
    },
    silence(chosen) {
      const cut = [...byId.values()].filter(({ facts }) => chosen(facts))
      for (const each of cut) each.silence()
      return cut.length
    },
  }
}
