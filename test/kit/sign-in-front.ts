import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { authority } from '../../infra/standin/tls/certificates.ts'

/** What stands between: a gateway that offers Negotiate only, or one that lets no user in by IWA. */
export type FrontBehaviour = 'negotiate-only' | 'iwa-refused'

export interface Front {
  readonly url: string
  /** PEM of the authority to trust; undefined over HTTP. */
  readonly ca: string | undefined
  /** Methods of the `Authorization` headers that came, in their order. */
  readonly schemes: readonly string[]
}

/**
 * A gateway before a web access server on plain HTTP, which changes what its IWA page says. Each connection has one of
 * its own behind it, since NTLM authenticates connections.
 */
export async function signInFront(
  behind: string,
  { behaviour, tls }: { readonly behaviour: FrontBehaviour; readonly tls: boolean },
): Promise<Front> {
  const agents = new Map<Socket, Agent>()
  const schemes: string[] = []
  const agentOf = (socket: Socket): Agent => {
    const agent = agents.get(socket) ?? new Agent({ keepAlive: true, maxSockets: 1 })
    agents.set(socket, agent)
    socket.once('close', () => agent.destroy())
    return agent
  }

  const pass = (asked: IncomingMessage, response: ServerResponse): void => {
    const { method, url = '/', headers, socket } = asked
    if (headers.authorization !== undefined) schemes.push(headers.authorization.split(' ')[0] ?? '')
    const onward = request(new URL(url, behind), { method, headers, agent: agentOf(socket) }, (answered) => {
      const { status, headers } = changed(answered, url.startsWith('/iwa/') ? behaviour : undefined)
      response.writeHead(status, headers)
      answered.pipe(response)
    })
    onward.on('error', () => response.destroy())
    asked.pipe(onward)
  }

  const privateCa = tls ? authority('Gateway CA') : undefined
  const credential = privateCa?.issue({ commonName: 'gateway', use: 'server', names: ['127.0.0.1'] })
  const server = credential ? createSecureServer({ ...credential }, pass) : createServer(pass)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const agent of agents.values()) agent.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  // The address of a listening TCP server is this one of its three forms.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { port } = server.address() as AddressInfo
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, ca: privateCa?.ca, schemes }
}

function changed(answered: IncomingMessage, behaviour: FrontBehaviour | undefined) {
  const { statusCode: status = 500, headers } = answered
  if (behaviour === 'iwa-refused' && status === 200) {
    const { 'cwa-ticket': _ticket, ...rest } = headers
    return { status: 401, headers: { ...rest, 'www-authenticate': ['Negotiate', 'NTLM'] } }
  }
  if (behaviour !== 'negotiate-only' || headers['www-authenticate'] !== 'Negotiate, NTLM') return { status, headers }
  return { status, headers: { ...headers, 'www-authenticate': 'Negotiate' } }
}
