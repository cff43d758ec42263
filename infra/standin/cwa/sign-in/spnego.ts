import { enumerated, explicit, objectId, octets, sequence } from '../../tls/der.ts'

/**
 * SPNEGO (RFC 4178), as far as NTLM in `Negotiate` needs it: Windows clients wrap their NTLM messages so, others send them
 * as they are. A client that sends a mechListMIC, which shows that its list of mechanisms is unchanged, wants one back
 * (clause 5): without it such a client does not go on.
 */
export interface NegotiationToken {
  /** `init` begins a negotiation, `response` goes on with one. */
  readonly kind: 'init' | 'response'
  /** Whether NTLM is among the mechanisms an `init` offers. */
  readonly offersNtlm: boolean
  /** The token of the mechanism, which need not be NTLM's. */
  readonly token: Buffer | undefined
  /** DER of an `init`'s list of mechanisms, which a mechListMIC is about. */
  readonly mechanisms?: Buffer
  /** Of a `response`. */
  readonly mechListMic?: Buffer
}

const SPNEGO = objectId('1.3.6.1.5.5.2')
const NTLM = objectId('1.3.6.1.4.1.311.2.2.10')

const TAGS = { application: 0x60, sequence: 0x30, octets: 0x04, objectId: 0x06, response: 0xa1 } as const
/** The context tags of a member: `[0]` to `[3]`. */
const member = (number: number): number => 0xa0 | number

interface Value {
  readonly tag: number
  readonly whole: Buffer
  readonly content: Buffer
}

/** @returns undefined for what is no SPNEGO token */
export function parseSpnego(bytes: Buffer): NegotiationToken | undefined {
  const [outer, ...more] = valuesIn(bytes) ?? []
  if (outer === undefined || more.length > 0) return undefined
  if (outer.tag === TAGS.response) {
    const members = membersOf(outer.content)
    if (members === undefined) return undefined
    const mechListMic = octetsIn(members, 3)
    return { kind: 'response', offersNtlm: true, token: octetsIn(members, 2), ...(mechListMic && { mechListMic }) }
  }
  if (outer.tag !== TAGS.application) return undefined
  const [mechanism, init] = valuesIn(outer.content) ?? []
  if (mechanism === undefined || !mechanism.whole.equals(SPNEGO) || init?.tag !== member(0)) return undefined
  const members = membersOf(init.content)
  const [list] = valuesIn(members?.get(member(0)) ?? Buffer.alloc(0)) ?? []
  const offered = list?.tag === TAGS.sequence ? (valuesIn(list.content) ?? []) : []
  const offersNtlm = offered.some(({ whole }) => whole.equals(NTLM))
  const mechanisms = list && { mechanisms: list.whole }
  return members && { kind: 'init', offersNtlm, token: octetsIn(members, 2), ...mechanisms }
}

/** A NegTokenResp: NTLM is the mechanism, and this is its next token, or the end. */
export function printSpnego(
  state: 'accept-completed' | 'accept-incomplete' | 'request-mic',
  { token, mechListMic }: { readonly token?: Buffer; readonly mechListMic?: Buffer | undefined } = {},
): Buffer {
  const states = { 'accept-completed': 0, 'accept-incomplete': 1, 'request-mic': 3 }
  return explicit(
    1,
    sequence(
      explicit(0, enumerated(states[state])),
      ...(state === 'accept-completed' ? [] : [explicit(1, NTLM)]),
      ...(token === undefined ? [] : [explicit(2, octets(token))]),
      ...(mechListMic === undefined ? [] : [explicit(3, octets(mechListMic))]),
    ),
  )
}

/** The members of the SEQUENCE inside, by their context tags. */
function membersOf(content: Buffer): ReadonlyMap<number, Buffer> | undefined {
  const [inner] = valuesIn(content) ?? []
  const values = inner?.tag === TAGS.sequence ? valuesIn(inner.content) : undefined
  return values && new Map(values.map(({ tag, content }) => [tag, content]))
}

function octetsIn(members: ReadonlyMap<number, Buffer>, number: number): Buffer | undefined {
  const [value] = valuesIn(members.get(member(number)) ?? Buffer.alloc(0)) ?? []
  return value?.tag === TAGS.octets ? value.content : undefined
}

/** The DER values that follow each other, or undefined when they do not end with the bytes. */
function valuesIn(bytes: Buffer): readonly Value[] | undefined {
  const values: Value[] = []
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at + 1]
    if (first === undefined) return undefined
    const more = first < 0x80 ? 0 : first & 0x7f
    const start = at + 2 + more
    // 0x80 alone is a length that BER has and DER has not. Four bytes of length are more than any header holds.
    if (first === 0x80 || more > 4 || start > bytes.length) return undefined
    const length = more === 0 ? first : bytes.readUIntBE(at + 2, more)
    if (start + length > bytes.length) return undefined
    const content = bytes.subarray(start, start + length)
    values.push({ tag: bytes[at] ?? 0, whole: bytes.subarray(at, start + length), content })
    at = start + length
  }
  return values
}
