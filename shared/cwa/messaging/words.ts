import { cut, DEVICE_BOUNDS } from '../../upstream/bounds.ts'
import { carried } from '../../upstream/characters.ts'
import type { ImMessage } from '../model.ts'

// JSON can carry what XML cannot, and a lax server's XML may, too: a device's terminal would obey some of it.

/** A name, a subject or a URI, as far as a device's frames have room for it. */
export function short(words: string): string {
  return cut(carried(words), DEVICE_BOUNDS.name)
}

export function textOf({ content }: ImMessage): string {
  return cut(carried(content), DEVICE_BOUNDS.text)
}

/** Our rids of a device's requests are decimal; any other one is ours alone, or another endpoint's. */
export function numbered(rid: string | undefined): { readonly number?: number } {
  return rid !== undefined && /^\d{1,15}$/.test(rid) ? { number: Number(rid) } : {}
}
