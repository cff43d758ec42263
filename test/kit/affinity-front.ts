import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * A load balancer before several web access servers. It knows by a cookie which of them has a session; a request without
 * one goes by where it comes from, which here is the port that it comes in at: one for each of the addresses.
 */
export async function affinityFront(servers: readonly string[], cookie = 'affinity'): Promise<readonly string[]> {
  return Promise.all(servers.map(async (_, address) => door(servers, address, cookie)))
}

async function door(servers: readonly string[], address: number, cookie: string): Promise<string> {
  // NTLM authenticates connections: each that comes in has one of its own to each server.
  const agents = new Map<Socket, readonly Agent[]>()
  const agentsOf = (socket: Socket): readonly Agent[] => {
    const own = agents.get(socket) ?? servers.map(() => new Agent({ keepAlive: true, maxSockets: 1 }))
    agents.set(socket, own)
    return own
  }
  const pass = (asked: IncomingMessage, response: ServerResponse): void => {
    const { method, url = '/', headers, socket } = asked
    const said = new RegExp(`(?:^|; )${cookie}=server-(\\d+)`).exec(headers.cookie ?? '')?.[1]
    const chosen = said === undefined ? address : Number(said)
    const agent = agentsOf(socket)[chosen]
    const onward = request(new URL(url, servers[chosen]), { method, headers, ...(agent && { agent }) }, (answered) => {
      const set = said === undefined ? { 'set-cookie': [`${cookie}=server-${chosen}; Path=/; HttpOnly`] } : {}
      response.writeHead(answered.statusCode ?? 500, { ...answered.headers, ...set })
      answered.pipe(response)
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    asked.pipe(onward)
  }
  const server = createServer(pass)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const each of agents.values()) for (const agent of each) agent.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  // The address of a listening TCP server is this one of its three forms.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}
