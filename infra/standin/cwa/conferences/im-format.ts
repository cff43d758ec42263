import type { ImMessage } from '../../../../shared/cwa/model.ts'
import { parameters, quoted } from '../../lcs/sip/address.ts'
import { splitOutside } from '../../lcs/sip/sip.ts'

/**
 * How an instant message travels in SIP: as `text/plain`, its font in the parameter `msgr`, which is
 * `X-MMS-IM-Format: …` in UTF-16 and base64. The first message of a session stands in the INVITE's header
 * `Ms-Text-Format`, its text in the parameter `ms-body`. That is what Communicator 2007 sends, as captures show it.
 */
export function contentType({ format }: ImMessage): string {
  const base = 'text/plain; charset=UTF-8'
  if (format === undefined || /^text\//i.test(format)) return base
  return `${base}; msgr=${quoted(Buffer.from(`${format}\r\n\r\n`, 'utf16le').toString('base64'))}`
}

export const textFormat = (message: ImMessage): string =>
  `${contentType(message)}; ms-body=${quoted(Buffer.from(message.content, 'utf8').toString('base64'))}`

/** The message of a MESSAGE request's content type and body, or of an INVITE's `Ms-Text-Format`. */
export function readMessage(type: string, body?: string): ImMessage {
  const [media = '', ...rest] = splitOutside(type, ';')
  const params = parameters(rest)
  const msgr = params.get('msgr')
  const format = msgr === undefined ? media : Buffer.from(msgr, 'base64').toString('utf16le').trim()
  return { format, content: body ?? Buffer.from(params.get('ms-body') ?? '', 'base64').toString('utf8') }
}

/** Typing, as Communicator says it: an INFO with a keyboard activity document. */
export const KEYBOARD_TYPE = 'application/xml'

export const keyboardActivity = (state: 'composing' | 'idle'): string =>
  `<?xml version="1.0"?><KeyboardActivity><status status="${state === 'composing' ? 'type' : 'idle'}"/></KeyboardActivity>`

export function readKeyboardActivity(body: string): 'composing' | 'idle' | undefined {
  const status = /^\s*(?:<\?xml[^>]*>)?\s*<KeyboardActivity>\s*<status\s+status=["'](type|idle)["']\s*\/>/.exec(
    body,
  )?.[1]
  if (status === undefined) return undefined
  return status === 'type' ? 'composing' : 'idle'
}
