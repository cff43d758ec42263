import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { parseTransportKey } from '../../shared/wire/transport-key.ts'

/** A device as it is enrolled with the service. It holds no password. */
export interface DeviceFile {
  readonly url: string
  readonly device: string
  readonly user: string
  /** Whom tokens are for, where the URL does not say it. */
  readonly audience?: string
  readonly transportKey: Uint8Array
}

const filled = v.pipe(v.string(), v.minLength(1))
const shape = v.object({
  url: filled,
  device: filled,
  user: filled,
  audience: v.exactOptional(filled),
  transportKey: filled,
})

/** @throws Error that names the file, and says what to do. The key itself is never in it. */
export async function deviceFile(path: string): Promise<DeviceFile> {
  const parsed = v.safeParse(shape, jsonIn(await textOf(path), path))
  if (!parsed.success) {
    const [issue] = parsed.issues
    throw new Error(`${path}: "${v.getDotPath(issue) ?? 'the file'}" is missing or not a text`)
  }
  const { transportKey, ...rest } = parsed.output
  return { ...rest, transportKey: keyIn(transportKey, path) }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EACCES') throw new Error(`${path}: the file is another user's: run this as that user`, { cause })
    const what = code === 'ENOENT' ? 'there is no such file' : 'the file cannot be read'
    throw new Error(`${path}: ${what}. Run "npm start" first, which writes one per device, or give --device FILE`, {
      cause,
    })
  }
}

function jsonIn(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // What JSON.parse says quotes the text, and there is a key in it.
    throw new Error(`${path}: the file is not JSON`)
  }
}

function keyIn(text: string, path: string): Uint8Array {
  try {
    return parseTransportKey(text)
  } catch {
    throw new Error(`${path}: "transportKey" is not 32 bytes in base64url`)
  }
}
