import type { Kept } from '../model/model.ts'
import type { NoticeSettings } from '../model/notices.ts'
import type { Database } from './database.ts'
import type { Identity } from './identity.ts'
import { sealed, unsealed } from './sealed.ts'

const IDENTITY = 'identity'
const TALKS = 'talks'
const NOTICES = 'notices'

/** Nothing is shown before the user asked for it. */
const NO_NOTICES: NoticeSettings = { on: false, shows: 'text', language: 'en' }

/** What this browser keeps: who it is, and its conversations with what is still to be said, sealed. */
export interface Keeper {
  identity(): Promise<Identity | undefined>
  setIdentity(identity: Identity): Promise<void>
  kept(identity: Identity): Promise<Kept | undefined>
  /** Resolves once what is given is on the disk. Of several at once, the last is written. */
  keep(kept: Kept, identity: Identity): Promise<void>
  /** What the user set on notifications: no secret, and not sealed. */
  notices(): Promise<NoticeSettings>
  setNotices(settings: NoticeSettings): Promise<void>
  forget(): Promise<void>
}

export function keeper(database: Database): Keeper {
  let latest: { readonly kept: Kept; readonly identity: Identity } | undefined
  let writing: Promise<void> | undefined

  async function write(): Promise<void> {
    while (latest !== undefined) {
      const { kept, identity } = latest
      latest = undefined
      await database.put(TALKS, await sealed(kept, TALKS, identity.keepingKey))
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
    setIdentity: (identity) => database.put(IDENTITY, identity),
    kept: async (identity) =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      (await unsealed(await database.get(TALKS), TALKS, identity.keepingKey)) as Kept | undefined,
    keep({ people, talks }, identity) {
      latest = { kept: { people, talks }, identity }
      writing ??= written()
      return writing
    },
    // As above.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    notices: async () => ((await database.get(NOTICES)) as NoticeSettings | undefined) ?? NO_NOTICES,
    setNotices: (settings) => database.put(NOTICES, settings),
    async forget() {
      latest = undefined
      await writing
      await database.clear()
    },
  }
}
