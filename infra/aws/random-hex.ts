import { randomUUID } from 'node:crypto'

/** Digits of an id, which is no secret: cut from UUIDs, of which Node draws many at once. `randomBytes` takes 3 µs a call. */
export function randomHex(digits: number): string {
  let all = ''
  while (all.length < digits) all += randomUUID().replaceAll('-', '')
  return all.slice(0, digits)
}
