export type Body = Record<string, unknown>

/** The namespaces in which AWS names its errors. An SDK reads only what comes after the `#`. */
const NAMESPACES: Readonly<Record<string, string>> = {
  ValidationException: 'com.amazon.coral.validate',
  SerializationException: 'com.amazon.coral.service',
  UnknownOperationException: 'com.amazon.coral.service',
}

/** Capacity units of a table. Halves occur: an eventually consistent read of 4 KB is half a unit. */
export interface Consumed {
  readonly table: string
  readonly reads: number
  readonly writes: number
}

/** An operation that DynamoDB refuses: it changed nothing. */
export class DynamoFailure extends Error {
  readonly type: string
  readonly more: Body
  readonly consumed: readonly Consumed[]

  /** @param more members of the answer beside the message  @param consumed a write whose condition fails is billed, too */
  constructor(type: string, message: string, more: Body = {}, consumed: readonly Consumed[] = []) {
    super(message)
    this.name = type
    this.type = type
    this.more = more
    this.consumed = consumed
  }

  /** As it goes over the wire. Two of AWS's errors write `Message` with a capital. */
  body(): Body {
    const __type = `${NAMESPACES[this.type] ?? 'com.amazonaws.dynamodb.v20120810'}#${this.type}`
    const capital = this.type === 'SerializationException' || this.type === 'TransactionCanceledException'
    if (this.message === '') return { __type, ...this.more }
    return { __type, [capital ? 'Message' : 'message']: this.message, ...this.more }
  }
}

/** A request that says what DynamoDB does not take. */
export const invalid = (message: string) => new DynamoFailure('ValidationException', message)

/** A request whose members have other types than the API's. */
export const unreadable = (message: string) => new DynamoFailure('SerializationException', message)

/** A member out of its bounds, in the form that AWS's own check gives. */
export const outOfBounds = (value: string, member: string, bounds: string) =>
  invalid(`1 validation error detected: Value ${value} at '${member}' failed to satisfy constraint: ${bounds}`)

export function isBody(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
