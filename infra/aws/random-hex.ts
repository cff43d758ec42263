import { randomUUID } from 'node:crypto'

/** Digits of an id that nobody must guess: from UUIDs, of which Node draws many at once, where `randomBytes` takes 3 µs a call. */
export function randomHex(digits: number): string {
  let all = ''
  while (all.length < digits) all += randomUUID().replaceAll('-', '')
  return all.slice(0, digits)
}
