import type { Socket } from 'node:net'
import { answerReader, isBlank, type Answer, type AnswerReader } from './answer.ts'
import { onceStanding } from './connection.ts'

/** What becomes of a request: `done` or `fail`, once. */
export interface Asked {
  readonly done: (answer: Answer) => void
  readonly fail: (thrown: unknown) => void
  /** The connection did not stand yet, and does now: the request is on its way. */
  readonly standing?: () => void
}

/** A socket that is kept from one request to the next, and carries one at a time. */
export interface KeptSocket {
  /** Whether the connection stands, or stood. */
  readonly stands: () => boolean
  readonly isAsked: () => boolean
  readonly ask: (request: Uint8Array, asked: Asked) => void
  /** Ends it; what is asked over it fails. */
  readonly fail: (thrown: unknown) => void
  /** Ends it; of what is asked over it, nothing comes any more. */
  readonly drop: () => void
}

export interface SocketEvents {
  /** It may be asked again. */
  readonly free: (own: KeptSocket, answer: Answer) => void
  readonly gone: (own: KeptSocket) => void
}

/**
 * It keeps a process alive while it is asked, and only then.
 *
 * @param bodyBytes the longest body of an answer that is read
 */
export function keptSocket(socket: Socket, events: SocketEvents, bodyBytes?: number): KeptSocket {
  let current: { readonly reader: AnswerReader; readonly asked: Asked } | undefined
  let [stands, isGone] = [false, false]

  const own: KeptSocket = {
    stands: () => stands,
    isAsked: () => current !== undefined,
    ask(request, asked) {
      current = { reader: answerReader(bodyBytes), asked }
      socket.ref()
      socket.write(request)
    },
    fail(thrown) {
      const asked = current?.asked
      own.drop()
      asked?.fail(thrown)
    },
    drop() {
      current = undefined
      socket.destroy()
      if (isGone) return
      isGone = true
      events.gone(own)
    },
  }
  const settle = (answer: Answer): void => {
    const asked = current?.asked
    current = undefined
    if (answer.isLast) own.drop()
    else {
      socket.unref()
      events.free(own, answer)
    }
    asked?.done(answer)
  }
  /** What comes though nothing is asked is no answer: the socket is not one to ask over. */
  const read = (of: (reader: AnswerReader) => Answer | undefined): boolean => {
    try {
      const answer = current && of(current.reader)
      if (answer !== undefined) settle(answer)
      else if (current === undefined) own.drop()
      return answer !== undefined
    } catch (thrown) {
      own.fail(thrown)
      return false
    }
  }

  onceStanding(socket, () => {
    stands = true
    // Where the first of several addresses did not answer, the handle is another by now.
    if (current === undefined) socket.unref()
    current?.asked.standing?.()
  })
  socket.on('data', (piece) => (current === undefined && isBlank(piece)) || read((reader) => reader.push(piece)))
  socket.on('end', () => read((reader) => reader.end()) || own.fail(cut()))
  socket.on('error', own.fail)
  socket.on('close', () => own.fail(cut()))
  return own
}

/** As node:http calls it. */
export function cut(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
}
