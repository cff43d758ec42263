/** What of a request is signed, as it arrived. */
export interface Signable {
  readonly method: string
  /** Path and query. */
  readonly url: string
  /** Names in small letters. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** SHA-256, in hexadecimal. */
  readonly bodyHash: string
}

/**
 * The canonical request of Signature Version 4, as the AWS SDK's signer makes it: with each segment of the path escaped once
 * more than in the request, without those that are empty or `.`, and back by one at `..`.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function canonical({ method, url, headers, bodyHash }: Signable): string {
  const [path = '', search = ''] = url.split('?')
  const inOrder = headers.toSorted(byNameAndValue)
  const lines = inOrder.map(([name, value]) => `${name}:${value.trim().replaceAll(/\s+/g, ' ')}\n`).join('')
  const names = inOrder.map(([name]) => name).join(';')
  return `${method}\n${pathOf(path)}\n${queryOf(search)}\n${lines}\n${names}\n${bodyHash}`
}

function pathOf(sent: string): string {
  const segments: string[] = []
  for (const segment of sent.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(escaped(segment))
  }
  return `/${segments.join('/')}${segments.length > 0 && sent.endsWith('/') ? '/' : ''}`
}

function queryOf(search: string): string {
  const pairs = [...new URLSearchParams(search)].map(([name, value]) => [escaped(name), escaped(value)] as const)
  return pairs
    .toSorted(byNameAndValue)
    .map((pair) => pair.join('='))
    .join('&')
}

type Pair = readonly [name: string, value: string]

const byNameAndValue = ([name, value]: Pair, [otherName, otherValue]: Pair): number =>
  order(name, otherName) || order(value, otherValue)

const order = (one: string, other: string): number => (one < other ? -1 : Number(one > other))

/** RFC 3986, 2.3: all but what is unreserved there. */
const escaped = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
