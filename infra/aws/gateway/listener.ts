import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { connectionsApi, isForConnections } from './connection/connections-api.ts'
import type { Allows } from './connection/connections-api.ts'
import { connections } from './connection/connections.ts'
import type { Connections } from './connection/connections.ts'
import { endHandshake } from './connect/handshake-end.ts'
import type { EndHandshake } from './connect/handshake-end.ts'
import { askedBy, handshakeFault, newcomer } from './connect/handshake.ts'
import { bind, HOST } from '../port.ts'
import { refused, refuseRequest, sendRefusal } from './connect/refused.ts'
import type { Stage } from './stage.ts'
import { throttle } from './throttle.ts'
import type { Verify } from '../signature.ts'
import { underWay } from '../under-way.ts'
import { admit } from './connect/upgrade.ts'

/** How long stopping waits for what is under way, in milliseconds. Longer than a connection's closing may take. */
const STOP_MS = 5_000

export interface ListenerOptions extends Omit<Stage, 'domainName' | 'throttle'> {
  readonly verify: Verify
  readonly allows: Allows
  readonly dropDisconnect: () => boolean
}

/** A gateway while it runs. */
export interface Listener {
  /** Host and port. */
  readonly domainName: string
  readonly connections: () => number
  readonly silence: Connections['silence']
  readonly stop: () => Promise<void>
}

/** Opens the port and serves the stage on it. Rejects when the port is taken. */
export async function listen(port: number, options: ListenerOptions): Promise<Listener> {
  const server = createServer()
  const { api, limits, clock } = options
  const throttled = throttle(api.throttle, limits, clock)
  const stage: Stage = { ...options, throttle: throttled, domainName: `${HOST}:${await bind(server, port)}` }
  const events = underWay()
  const live = connections({ stage, underWay: events, dropDisconnect: options.dropDisconnect })
  const entrance: Entrance = { stage, live, endHandshake: endHandshake(stage.limits.messageBytes), open: true }
  const entering = new Set<Duplex>()
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    entering.add(socket)
    events.add(enter(entrance, request, socket, head).finally(() => entering.delete(socket)))
  })
  const manage = connectionsApi({ stage, find: live.find, verify: options.verify, allows: options.allows })
  server.on('request', (request, response) => {
    if (isForConnections(request)) events.add(manage(request, response))
    else refuseRequest(request, response, stage.api.stage)
  })
  async function stop() {
    entrance.open = false
    live.closeAll(1001, 'Going away')
    const late = Promise.withResolvers<void>()
    const inTime = stage.clock.after(STOP_MS, late.resolve)
    await Promise.race([events.over(), late.promise])
    inTime()
    for (const socket of entering) socket.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { domainName: stage.domainName, connections: live.count, silence: live.silence, stop }
}

interface Entrance {
  readonly stage: Stage
  readonly live: Connections
  readonly endHandshake: EndHandshake
  /** False once the gateway stops. */
  open: boolean
}

/** Takes an upgrade request through authorizer and `$connect` to a connection, or to a refusal. */
async function enter(entrance: Entrance, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const { stage, live } = entrance
  const closed = refused(503, 'Service Unavailable', 'the gateway is stopping')
  const fault = entrance.open ? handshakeFault(request, stage.api.stage) : closed
  if (fault !== undefined) return sendRefusal(socket, fault)
  const verdict = await admit(stage, newcomer(request, stage.clock.now()), askedBy(request))
  if (verdict.kind === 'refused') return sendRefusal(socket, verdict)
  const { facts, protocol } = verdict
  if (!entrance.open) {
    sendRefusal(socket, closed)
    return live.lost(facts)
  }
  const ws = entrance.endHandshake(request, socket, head, protocol)
  if (ws === undefined) live.lost(facts)
  else live.open(facts, ws, socket)
}
