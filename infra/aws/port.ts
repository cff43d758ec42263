import { once } from 'node:events'
import type { Server } from 'node:net'

export const HOST = '127.0.0.1'

/** Binds the server to the port, 0 for any free one, and returns the port it got. An Error says what to do when it is taken. */
export async function bind(server: Server, port: number): Promise<number> {
  server.listen(port, HOST)
  try {
    await once(server, 'listening')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    const advice = 'stop what listens there, or give another port, or 0 for any free one'
    throw new Error(`Port ${port} of ${HOST} is taken: ${advice}`, { cause: error })
  }
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}
