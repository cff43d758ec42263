import { wrongUse } from '../fault.ts'

/** @throws AdminFault (wrong use) that says what is accepted */
export function deviceId(text: string): string {
  if (/^[\w.-]{1,64}$/.test(text)) return text
  throw wrongUse(`device ${JSON.stringify(text)}: accepted are 1 to 64 letters, digits, - _ and .`)
}
