import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../../../shared/clock.ts'
import { ownAnswer } from '../incoming.ts'
import type { Incoming } from '../incoming.ts'
import { clientTransactions, newVia } from './client-transactions.ts'
import { serverTransactions } from './server-transactions.ts'
import { header, isRequest, printSip, SipError } from './sip.ts'
import type { SipMessage } from './sip.ts'
import { sipStream } from './sip-stream.ts'
import type { Unreadable } from './sip-stream.ts'
import type { SipLink } from './transactions.ts'

export interface LinkOptions {
  readonly socket: TLSSocket
  readonly clock: Clock
  /** What this side calls itself in Via, `host:port`. */
  readonly sentBy: string
  /** A `SipError` that it throws becomes the answer. */
  readonly onRequest: (incoming: Incoming) => void
  readonly onClose: () => void
}

export function sipLink({ socket, clock, sentBy, onRequest, onClose }: LinkOptions): SipLink {
  const read = sipStream()
  const write = (message: SipMessage): boolean => {
    if (!socket.writable) return false
    socket.write(printSip(message))
    return true
  }
  const ours = clientTransactions({ clock, sentBy, write })
  const link: SipLink = {
    request: ours.request,
    send: (request) => void write({ ...request, headers: [newVia(sentBy), ...request.headers] }),
    close: () => socket.destroy(),
  }
  const theirs = serverTransactions({ link, write, onRequest })

  /** A request that cannot be read is refused; a response that cannot be read has never come. */
  function refuse({ refused, head, isLost }: Unreadable): void {
    const { start, headers } = head
    const isResponse = start.startsWith('SIP/')
    if (!isResponse && header(head, 'Via') === undefined) throw refused
    if (!isResponse && !start.startsWith('ACK ')) {
      write(ownAnswer({ method: '', uri: '', headers, body: '' }, refused.status, refused.message))
    }
    if (isLost) socket.end()
  }

  socket.setNoDelay(true)
  socket.on('data', (chunk: Uint8Array) => {
    try {
      for (const message of read(chunk)) {
        if ('refused' in message) refuse(message)
        else if (isRequest(message)) theirs.receive(message)
        else ours.receive(message)
      }
    } catch (thrown) {
      // This is something else than SIP, and nothing after it can be trusted.
      if (!(thrown instanceof SipError)) throw thrown
      socket.destroy()
    }
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    ours.end()
    theirs.end()
    onClose()
  })
  return link
}
