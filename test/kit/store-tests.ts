import { readdirSync, readFileSync } from 'node:fs'

const FOLDER = new URL('../store/', import.meta.url)

/** The tests of the stores that ask for a database, and so take any: their files' names. Those that run them elsewhere are none. */
export function storeTests(): string[] {
  return readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .filter((name) => {
      const text = readFileSync(new URL(name, FOLDER), 'utf8')
      return /\b(database|seating)\(/.test(text) && !text.includes('storeTests()')
    })
}
