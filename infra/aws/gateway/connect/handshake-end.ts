import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'

/** Answers an upgrade request with 101. Gives undefined when the client is gone. */
export type EndHandshake = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string | undefined,
) => WebSocket | undefined

/** Without compression, and with the subprotocol that `$connect` chose, asked for or not, or none. */
export function endHandshake(messageBytes: number): EndHandshake {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: messageBytes,
    handleProtocols: chooseNone,
  })
  const protocols = new WeakMap<IncomingMessage, string>()
  server.on('headers', (headers, request) => {
    const protocol = protocols.get(request)
    if (protocol !== undefined) headers.push(`Sec-WebSocket-Protocol: ${protocol}`)
  })
  return (request, socket, head, protocol) => {
    let upgraded: WebSocket | undefined
    if (protocol !== undefined) protocols.set(request, protocol)
    // The callback runs before this returns, or never.
    server.handleUpgrade(request, socket, head, (ws) => (upgraded = ws))
    return upgraded
  }
}

/** The library would choose the first that the client asked for. */
function chooseNone(): false {
  return false
}
