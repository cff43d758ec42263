/**
 * One line of JSON an event, for CloudWatch. Fields: `what` happened; `session`, `device`, `bench`, `connection` it
 * happened to; `why`, in words. Never a password, ticket, token, key or message.
 */
export function log(what: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stdout.write(`${JSON.stringify({ what, ...fields })}\n`)
}

/** Words for the log: the whole chain of causes, without stacks of the way there. */
export function why(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const cause = thrown.cause === undefined ? '' : ` because ${why(thrown.cause)}`
  return `${thrown.name}: ${thrown.message}${cause}`
}
