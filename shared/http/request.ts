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
const [BREAKS_A_LINE, BREAKS_A_WORD] = [/[^\t\x20-\x7e\x80-\xff]/, /[^\x21-\x7e]/]

/**
 * A request of HTTP/1.1 as it goes over a socket (RFC 9112, 3). Headers are written in Latin-1, as node:http does.
 *
 * @throws TypeError with the code `ERR_INVALID_CHAR` for one that cannot be written; it quotes nothing of it
 */
export function requestBytes({ method, path, headers, body }: Request): Uint8Array {
  if (BREAKS_A_WORD.test(path)) throw unwritable('the path of the request')
  let head = `${method} ${path} HTTP/1.1\r\n`
  for (const [name, value] of Object.entries(headers)) {
    if (BREAKS_A_LINE.test(value)) throw unwritable(`the header ${name} of the request`)
    head += `${name}: ${value}\r\n`
  }
  head += 'connection: keep-alive\r\n\r\n'
  return Buffer.concat([Buffer.from(head, 'latin1'), typeof body === 'string' ? Buffer.from(body) : body])
}

function unwritable(what: string): TypeError {
  return Object.assign(new TypeError(`${what} cannot be written`), { code: 'ERR_INVALID_CHAR' })
}
