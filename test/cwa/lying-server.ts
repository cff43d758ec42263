import { createServer, type AddressInfo, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** What a server does with the bytes of one request, below HTTP. */
export type Lie = (socket: Socket) => void

/** A server on a free port that tells each request the same lie. It ends with the test. */
export async function lyingServer(lie: Lie): Promise<{ readonly url: string; readonly asked: Promise<void> }> {
  const sockets = new Set<Socket>()
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  const server = createServer((socket) => {
    sockets.add(socket)
    // The client may be gone by the time of the answer: that is its right.
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      if (!/^(GET|POST) /.test(bytes.toString('latin1'))) return
      lie(socket)
      resolve()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  // The address of a listening TCP server is this one of its three forms.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, asked }
}
