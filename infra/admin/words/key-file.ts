import { rmSync, writeFileSync } from 'node:fs'
import { AdminFault } from '../fault.ts'

/** A device as `npm run chat -- --device FILE` takes it. `transportKey` is a secret. */
export interface KeyFile {
  readonly url: string
  readonly device: string
  readonly user?: string
  readonly transportKey: string
}

/** Writes a device's file. */
export function keyFile(path: string, file: KeyFile): () => void {
  return secretFile(path, file)
}

/**
 * Writes a file with a secret in it, readable by this user only, where none is.
 *
 * @returns takes it away again
 * @throws AdminFault when it is there already, or cannot be written
 */
export function secretFile(path: string, file: object): () => void {
  try {
    writeFileSync(path, `${JSON.stringify(file, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    const why = isThere
      ? 'is there already, and may hold a key: give another name'
      : 'cannot be written: check its folder'
    throw new AdminFault(`${path} ${why}`, { cause })
  }
  return () => rmSync(path, { force: true })
}
