/** A request whose body is in memory. */
export interface Request {
  readonly method: string
  /** As it is sent. */
  readonly path: string
  /** `host` and `content-length` among them. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** What ends a line of the head, or a word of its first line, ends what is in there: nothing else than it is to be sent. */
const [BREAKS_A_LINE, BREAKS_A_WORD] = [/[^\t\x20-\x7e]/, /[^\x21-\x7e]/]

/** A request of HTTP/1.1 as it goes over a socket (RFC 9112, 3). @throws TypeError for one that cannot be written */
export function requestText({ method, path, headers, body }: Request): string | Uint8Array {
  if (BREAKS_A_WORD.test(path)) throw new TypeError('the path of the request cannot be written')
  let head = `${method} ${path} HTTP/1.1\r\n`
  for (const [name, value] of Object.entries(headers)) {
    if (BREAKS_A_LINE.test(value)) throw new TypeError(`the header ${name} of the request cannot be written`)
    head += `${name}: ${value}\r\n`
  }
  head += 'connection: keep-alive\r\n\r\n'
  return typeof body === 'string' ? head + body : Buffer.concat([Buffer.from(head), body])
}
