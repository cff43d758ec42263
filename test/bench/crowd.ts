import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle, upstreamFile } from '../../infra/cdk/bundle.ts'
import { uriOf } from '../../infra/standin/cwa/users.ts'
import { admit, type Person } from '../../infra/local/people.ts'
import { localStack, type LocalStackOptions, type RunningStack } from '../../infra/local/stack.ts'
import { uriOf as matrixUri } from '../../shared/matrix/identity.ts'
import type { UpstreamKind } from '../../shared/upstream/kinds.ts'
import { DEFAULT_SETTINGS, type Settings } from '../../shared/rules/settings.ts'

/** Somebody with a device of their own, who is permitted and whose device is enrolled. */
export interface Member {
  readonly person: Person
  readonly uri: string
  readonly transportKey: Uint8Array
}

export interface Crowd {
  readonly running: RunningStack
  readonly members: readonly Member[]
  readonly stop: () => Promise<void>
}

export interface CrowdOptions extends Omit<LocalStackOptions, 'users' | 'bundles'> {
  readonly count: number
  readonly settings?: Partial<Settings>
  /** Makes a person known to the server upstream, where that is one that runs already. */
  readonly register?: (person: Person) => Promise<unknown>
}

/** What is measured is not a flood: a device of a bench does in a minute what one does in a day. */
const UNLIMITED: Partial<Settings> = { sendsPerMinute: 100_000, loginsPerHour: 1_000_000 }

/** The whole local stack with as many users as are wanted: each has the next one, or the one before, on the contact list. */
export async function crowd({ count, settings, register, ...options }: CrowdOptions): Promise<Crowd> {
  const folder = mkdtempSync(join(tmpdir(), 'collaboration-bench-'))
  const kind = options.upstream?.kind ?? 'cwa'
  const people = Array.from({ length: count }, (_, index) => personNumber(index, kind))
  for (const person of people) await register?.(person)
  const bundles = await bundle(folder, upstreamFile(kind))
  const stack = localStack({ ...options, users: people, bundles })
  const stop = async () => {
    await stack.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const running = await stack.start()
    await running.configuration.set({ ...DEFAULT_SETTINGS, ...UNLIMITED, ...settings })
    const members: Member[] = []
    for (const person of people)
      members.push({
        person,
        uri: kind === 'cwa' ? uriOf(person) : matrixUri(person.login),
        transportKey: await admit(person, running),
      })
    return { running, members, stop }
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

function personNumber(index: number, kind: UpstreamKind): Person {
  const user = `user-${index}`
  const partner = index % 2 === 0 ? index + 1 : index - 1
  return {
    domain: 'CONTOSO',
    user,
    displayName: `User ${index}`,
    password: randomBytes(6).toString('base64url'),
    login: kind === 'cwa' ? `CONTOSO\\${user}` : `@${user}:contoso.test`,
    device: `device-${index}`,
    contacts: [`sip:user-${partner}@contoso.test`],
  }
}

/** A function's name on the local stack: `Collaboration-upkeep` for `upkeep`. */
export function functionNamed({ description }: Pick<RunningStack, 'description'>, name: string): string {
  const found = description.functions.find((each) => each.name.endsWith(`-${name}`))
  if (found === undefined) throw new Error(`the stack has no function ${name}`)
  return found.name
}
