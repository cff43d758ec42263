/** A request of the Client-Server API, as the stand-in sees it. */
export interface Request {
  readonly method: string
  /** Without the query. The route that reads a part decodes it. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly body: Body
  readonly token: string | undefined
}

export type Body = Readonly<Record<string, unknown>>

export interface Answer {
  readonly status: number
  readonly body: Body
  readonly headers?: Readonly<Record<string, string>>
}

/** An answer that is not there yet. */
export interface Held {
  /** Resolves when there is something to answer, when the wait is over, or when it is let go. */
  readonly ready: (signal?: AbortSignal) => Promise<void>
  readonly answer: () => Answer
}

/** A no, as the specification has it ("Standard error response"). */
export class No extends Error {
  override readonly name = 'No'
  readonly status: number
  readonly errcode: string
  readonly more: Body

  constructor(status: number, errcode: string, error: string, more: Body = {}) {
    super(error)
    this.status = status
    this.errcode = errcode
    this.more = more
  }

  answer(): Answer {
    return { status: this.status, body: { errcode: this.errcode, error: this.message, ...this.more } }
  }
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

export function bodyOf(value: unknown): Body {
  // Asked here is that it has members.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : {}
}
