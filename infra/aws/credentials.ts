import { randomBytes } from 'node:crypto'
import type { SigningCredentials } from './signature.ts'

/** Temporary credentials, as Lambda gives a function those of its role. */
export interface RoleCredentials extends SigningCredentials {
  readonly sessionToken: string
}

/** Who may sign requests to a local stack. */
export interface LocalCredentials {
  /** By access key: the name of a function, or `local`: the stack itself and its administrator. */
  readonly of: (accessKeyId: string) => SigningCredentials | undefined
  /** What a function signs with. */
  readonly ofFunction: (name: string) => RoleCredentials
}

/** The access key with which the stack itself, and its administrator, sign. Its secret is public. */
export const STACK_ITSELF = 'local'

const secret = () => randomBytes(30).toString('base64')

/** Each function signs with a secret of its own, new with each start: none can pass for another. */
export function localCredentials(functionNames: readonly string[]): LocalCredentials {
  const made = new Map(
    functionNames.map((name) => [name, { secretAccessKey: secret(), sessionToken: secret() }] as const),
  )
  return {
    of: (accessKeyId) => (accessKeyId === STACK_ITSELF ? { secretAccessKey: STACK_ITSELF } : made.get(accessKeyId)),
    ofFunction(name) {
      const found = made.get(name)
      if (found === undefined) throw new Error(`the app has no function ${name}`)
      return found
    },
  }
}
