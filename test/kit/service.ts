import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { bundle, upstreamFile, type Bundle } from '../../infra/cdk/bundle.ts'
import { admit, people, type Person } from '../../infra/local/people.ts'
import { both, localStack, type LocalStackOptions, type RunningStack } from '../../infra/local/stack.ts'
import { character, type Character } from '../../infra/local/story.ts'
import type { UpstreamKind } from '../../shared/upstream/kinds.ts'
import { synthesize } from '../../infra/cdk/synthesis.ts'
import { DEFAULT_SETTINGS, type Settings } from '../../shared/rules/settings.ts'
import { leaks, logs } from './leaks.ts'

export interface Service extends RunningStack {
  readonly ann: Character
  readonly bob: Character
  readonly cat: Character
  readonly keys: Readonly<Record<'ann' | 'bob' | 'cat', Uint8Array>>
  /** Stops it before the file's last test is done. */
  readonly stop: () => Promise<void>
}

export interface ServiceOptions extends Omit<LocalStackOptions, 'users' | 'bundles'> {
  readonly settings?: Partial<Settings>
  /** SIP URIs on Ann's contact list, in place of Bob and Cat. */
  readonly contactsOfAnn?: readonly string[]
  /** Makes a person known to the server upstream, where that is one that runs already. */
  readonly register?: (person: Person) => Promise<unknown>
}

/** The functions' bundles with the server upstream of a file: built once for all the test files that one worker runs. */
const built = new Map<string, ReturnType<typeof buildOnce>>()

function buildOnce(upstream: string): Promise<Readonly<Record<string, Bundle>>> {
  const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return bundle(folder, upstream)
}

/**
 * The functions' bundles, and services that run them: the whole local stack on free ports,
 * with Ann, Bob and Cat permitted and their devices enrolled.
 *
 * Whatever a test does with one, no secret may lie about in what it wrote: that is looked for as it is stopped.
 *
 * @param upstream the file that makes the server upstream in a function
 * @returns starts a service; all are stopped after the file's last test
 */
export function services(
  kind: UpstreamKind = 'cwa',
  upstream = upstreamFile(kind),
): (options?: ServiceOptions) => Promise<Service> {
  const stops: (() => Promise<void>)[] = []
  let bundles: Readonly<Record<string, Bundle>> = {}

  beforeAll(async () => {
    const building = built.get(upstream) ?? buildOnce(upstream)
    built.set(upstream, building)
    bundles = await building
  })

  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop()
  })

  return async ({ settings, contactsOfAnn, register, ...options } = {}) => {
    const known = people(kind)
    const everybody = { ...known, ann: { ...known.ann, ...(contactsOfAnn && { contacts: contactsOfAnn }) } }
    for (const person of Object.values(everybody)) await register?.(person)
    const written = logs()
    const stack = localStack({
      // Loaded once for all the files of a worker, where a process of its own would load the CDK for each.
      app: synthesize,
      upstream: { kind },
      ...options,
      lambda: { ...options.lambda, log: both(written.lambda.log, options.lambda?.log) },
      gateway: { ...options.gateway, log: both(written.gateway.log, options.gateway?.log) },
      users: Object.values(everybody),
      bundles,
    })
    const running = await stack.start()
    const characters: Character[] = []
    const passwords = Object.values(everybody).map(({ password }) => password)
    let isStopped = false
    const stop = async () => {
      if (isStopped) return
      isStopped = true
      for (const { device } of characters) device.close()
      try {
        const leaked = await leaks(running, written, passwords)
        if (leaked.length > 0) throw new Error(leaked.join('\n'))
      } finally {
        await stack.stop()
      }
    }
    stops.push(stop)
    await running.configuration.set({ ...DEFAULT_SETTINGS, ...settings })
    const enter = async (person: Person) => {
      const key = await admit(person, running)
      const entered = character(person, running.url, key)
      characters.push(entered)
      return { key, entered }
    }
    const [ann, bob, cat] = [await enter(everybody.ann), await enter(everybody.bob), await enter(everybody.cat)]
    return {
      ...running,
      stop,
      ann: ann.entered,
      bob: bob.entered,
      cat: cat.entered,
      keys: { ann: ann.key, bob: bob.key, cat: cat.key },
    }
  }
}
