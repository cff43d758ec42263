import { base64url } from 'jose'
import { ACTIONS, type Action } from './actions.ts'

/** What a frame is bound to, in the JWE's protected header: moved to another place, it no longer opens. */
export interface Binding {
  readonly device: string
  /** `up` from the device, `down` from the service. */
  readonly direction: 'up' | 'down'
  /** The route of a frame from the device, and of the answer to it; `push` for what comes unasked. */
  readonly action: Action | 'push'
  /**
   * Up: the device's frame number, which only grows. Down: the number of the frame that is answered, 0 where that could
   * not be read; with `push` the number of its last batch.
   */
  readonly number: number
}

/** The one way in which frames are sealed. No header can choose another. */
export const SEALING = { alg: 'A256KW', enc: 'A256GCM', zip: 'DEF' } as const

const BINDABLE: readonly Binding['action'][] = [...ACTIONS, 'push']

/**
 * JWE compact (RFC 7516) under A256KW and A256GCM: the header, then exactly as many characters as a wrapped key of 40
 * bytes, an IV of 12 and a tag of 16 take. 512 characters are a header with the longest device id twice over.
 */
const COMPACT = /^([\w-]{1,512})\.[\w-]{54}\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/

/** Text or number, the only values that a header has, and the JSON object of exactly these. */
const VALUE = String.raw`(?:"(?:[^"\\\u0000-\u001f]|\\.)*"|-?\d[\d.eE+-]*)`
const MEMBER = String.raw`\s*"[a-z]+"\s*:\s*${VALUE}\s*`
const MEMBERS = new RegExp(`^\\s*\\{${MEMBER}(?:,${MEMBER}){6}\\}\\s*$`)

/** The protected header that binds a frame. */
export function headerOf({ device, direction, action, number }: Binding) {
  return { ...SEALING, kid: device, dir: direction, act: action, num: number }
}

/**
 * Reads what a frame says it is bound to, before any key is used. The protected header has exactly the seven members of
 * `headerOf`, each once: no `crit`, no `p2c`, nothing that a library might obey.
 *
 * @returns undefined where it is not so, whatever it was
 */
export function bindingIn(frame: string): Binding | undefined {
  const [, encoded] = COMPACT.exec(frame) ?? []
  const header = encoded === undefined ? undefined : membersIn(encoded)
  if (header === undefined) return undefined
  const { alg, enc, zip, kid: device, dir: direction, act, num: number } = header
  if (alg !== SEALING.alg || enc !== SEALING.enc || zip !== SEALING.zip) return undefined
  if (typeof device !== 'string' || (direction !== 'up' && direction !== 'down')) return undefined
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) return undefined
  const action = BINDABLE.find((known) => known === act)
  return action && { device, direction, action, number }
}

/** The header's members, of which the text has seven: since each of the seven must be there, none is there twice. */
function membersIn(encoded: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(base64url.decode(encoded))
    return MEMBERS.test(text) ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}
