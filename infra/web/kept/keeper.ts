import type { Kept } from '../model/kept.ts'
import type { NoticeSettings } from '../model/notices.ts'
import type { Database } from './database.ts'
import type { Identity } from './identity.ts'
import { sealed, unsealed } from './sealed.ts'

const IDENTITY = 'identity'
/** People and conversations: much, and seldom other ones. */
const TALKS = 'talks'
/** All the rest, with what a resume of the session needs. */
const REST = 'rest'
const NOTICES = 'notices'

/** Nothing is shown before the user asked for it. */
const NO_NOTICES: NoticeSettings = { on: false, shows: 'text', language: 'en' }

/** What this browser keeps: who it is, its conversations with what is still to be said, and its session, sealed. */
export interface Keeper {
  identity(): Promise<Identity | undefined>
  setIdentity(identity: Identity): Promise<void>
  kept(identity: Identity): Promise<Kept | undefined>
  /**
   * Resolves once things as they are now, or later, are on the disk: together, so that what is shown and how far the session
   * was heard belong to one moment.
   */
  keep(now: () => Kept, identity: Identity): Promise<void>
  /** What the user set on notifications: no secret, and not sealed. */
  notices(): Promise<NoticeSettings>
  setNotices(settings: NoticeSettings): Promise<void>
  forget(): Promise<void>
}

export function keeper(database: Database): Keeper {
  let wanted: { readonly now: () => Kept; readonly identity: Identity } | undefined
  let writing: Promise<void> | undefined
  let last: Kept | undefined

  async function write(): Promise<void> {
    // Whatever happens in this turn is one change.
    await Promise.resolve()
    while (wanted !== undefined) {
      const { now, identity } = wanted
      wanted = undefined
      const kept = now()
      await database.put(await records(kept, last, identity.keepingKey))
      last = kept
    }
  }

  /** Cleared in the same turn in which there is nothing more to write: what comes in the next one begins anew. */
  async function written(): Promise<void> {
    try {
      await write()
    } finally {
      writing = undefined
    }
  }

  return {
    // This file wrote it.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    identity: async () => (await database.get(IDENTITY)) as Identity | undefined,
    setIdentity: (identity) => database.put({ [IDENTITY]: identity }),
    async kept({ keepingKey }) {
      const [talks, rest] = await Promise.all(
        // As above.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        [TALKS, REST].map(async (name) => (await unsealed(await database.get(name), name, keepingKey)) as Kept),
      )
      return talks === undefined ? undefined : { ...talks, ...rest }
    },
    keep(now, identity) {
      wanted = { now, identity }
      writing ??= written()
      return writing
    },
    // As above.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    notices: async () => ((await database.get(NOTICES)) as NoticeSettings | undefined) ?? NO_NOTICES,
    setNotices: (settings) => database.put({ [NOTICES]: settings }),
    async forget() {
      wanted = undefined
      last = undefined
      await writing
      await database.clear()
    },
  }
}

/** What differs from what was written last. */
async function records({ people, talks, ...rest }: Kept, last: Kept | undefined, key: CryptoKey) {
  const isSame = last !== undefined && people === last.people && talks === last.talks
  return {
    ...(!isSame && { [TALKS]: await sealed({ people, talks }, TALKS, key) }),
    [REST]: await sealed(rest, REST, key),
  }
}
