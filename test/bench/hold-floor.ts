import { Agent, get } from 'node:http'
import { WebSocketServer } from 'ws'
import { serve } from './own-process.ts'

/*
 * The least that can be between a long poll and a WebSocket: for each connection that comes, a GET is held upstream, what
 * it brings is sent over the connection as it is, and the next GET follows.   node hold-floor.ts URL
 */
const [url = ''] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true, maxFreeSockets: 1_024 })
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
server.on('connection', (socket, request) => {
  const poll = (): void => {
    get(`${url}${request.url}`, { agent }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => {
        socket.send(text)
        poll()
      })
    })
  }
  poll()
})

serve(async () => {
  const address = server.address()
  return typeof address === 'object' && address !== null ? `ws://127.0.0.1:${address.port}` : ''
})
