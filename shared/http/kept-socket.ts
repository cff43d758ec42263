import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { answerReader, type Answer, type AnswerReader } from './answer.ts'

export interface Address {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
}

/** In milliseconds; shared/rules/aws/calls.ts says what each is for. */
export interface SocketLimits {
  readonly connectionTimeout: number
  readonly socketTimeout: number
}

/** What becomes of a request: exactly one of them, once. */
export interface Asked {
  readonly done: (answer: Answer) => void
  readonly fail: (thrown: unknown) => void
}

/** A socket that is kept from one request to the next, and carries one at a time. */
export interface KeptSocket {
  readonly ask: (request: string | Uint8Array, asked: Asked) => void
  /** Ends it; of what is asked over it, nothing comes any more. */
  readonly drop: () => void
}

export interface SocketEvents {
  /** It may be asked again. */
  readonly free: (own: KeptSocket) => void
  readonly gone: (own: KeptSocket) => void
  /** With which the next TLS to that server needs less. */
  readonly session: (session: Buffer) => void
}

/**
 * Connects at once. While nothing is asked it keeps no process alive: who asks has a time limit, and so a timer that does.
 *
 * @param session of TLS, as an earlier socket had it
 */
export function keptSocket(address: Address, limits: SocketLimits, events: SocketEvents, session?: Buffer): KeptSocket {
  const socket = connected(address, session)
  let current: { readonly reader: AnswerReader; readonly asked: Asked } | undefined

  const own: KeptSocket = {
    ask(request, asked) {
      current = { reader: answerReader(), asked }
      socket.write(request)
    },
    drop() {
      current = undefined
      socket.destroy()
    },
  }
  const fail = (thrown: unknown): void => {
    const asked = current?.asked
    own.drop()
    asked?.fail(thrown)
  }
  const settle = (answer: Answer): void => {
    const asked = current?.asked
    current = undefined
    if (answer.isLast) socket.destroy()
    else events.free(own)
    asked?.done(answer)
  }
  /** What comes though nothing is asked is no answer: the socket is not one to ask over. */
  const read = (of: (reader: AnswerReader) => Answer | undefined, otherwise?: () => void): void => {
    if (current === undefined) return own.drop()
    try {
      const answer = of(current.reader)
      if (answer === undefined) otherwise?.()
      else settle(answer)
    } catch (thrown) {
      fail(thrown)
    }
  }

  const connecting = setTimeout(() => fail(late('the connection did not stand')), limits.connectionTimeout)
  socket.once(address.protocol === 'https:' ? 'secureConnect' : 'connect', () => clearTimeout(connecting))
  socket.setTimeout(limits.socketTimeout, () => current && fail(late('nothing came')))
  socket.on('data', (piece) => read((reader) => reader.push(piece)))
  socket.on('end', () =>
    read(
      (reader) => reader.end(),
      () => fail(cut()),
    ),
  )
  socket.on('error', (error) => fail(passing(error)))
  socket.on('session', events.session)
  socket.on('close', () => {
    clearTimeout(connecting)
    fail(cut())
    events.gone(own)
  })
  return own
}

function connected({ protocol, hostname, port }: Address, session: Buffer | undefined): Socket {
  const isSecure = protocol === 'https:'
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const to = { host, port: port ?? (isSecure ? 443 : 80), noDelay: true, keepAlive: true, keepAliveInitialDelay: 1_000 }
  if (!isSecure) return connect(to).unref()
  const servername = isIP(host) === 0 ? host : ''
  return connectTls({ ...to, servername, ALPNProtocols: ['http/1.1'], ...(session && { session }) }).unref()
}

/** By this name the SDK knows what passes, and repeats it. */
export function late(words: string): Error {
  return Object.assign(new Error(`${words} in time`), { name: 'TimeoutError' })
}

const cut = (): Error => passing(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }))

/** The SDK's handler gives these that name, too. */
function passing(error: Error & { readonly code?: string }): Error {
  return ['ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(error.code ?? '')
    ? Object.assign(error, { name: 'TimeoutError' })
    : error
}
