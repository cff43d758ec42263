import type { Uri } from '../../../shared/rules/messaging.ts'
import { meant, unclearName } from './names.ts'
import type { Roster } from './roster.ts'
import { isOfSeveral, type Talk, type Talks } from './talks.ts'

/** Whom one talks to. A name that may mean several people goes to `warn`, and the answer is undefined. */
export interface Addressing {
  /** Whom plain text goes to. */
  readonly current: Uri | undefined
  to(uri: Uri): void
  /** Who a name means. */
  someone(name: string): Uri | undefined
  /** Who each of these names means; undefined where one of them is unclear, or is no person. */
  persons(names: readonly string[]): readonly Uri[] | undefined
  /** Whom plain text is for: whom one talks to, else the only one who calls, else the only contact. */
  addressee(): Uri | undefined
  /** The conversation with somebody named; without a name the current one, else the only invitation. */
  talk(name: string | undefined): Talk | undefined
}

export interface AddressingOptions {
  readonly known: Roster
  readonly live: Talks
  readonly warn: (text: string) => void
  /** The user turned to somebody. */
  readonly turned: (uri: Uri) => void
}

export function addressing({ known, live, warn, turned }: AddressingOptions): Addressing {
  let current: Uri | undefined

  function to(uri: Uri): void {
    current = uri
    turned(uri)
  }

  function someone(name: string): Uri | undefined {
    const found = meant(name, known.people())
    if (found.kind === 'one') return found.uri
    warn(unclearName(name, found))
    return undefined
  }

  function person(name: string): Uri[] {
    const uri = someone(name)
    if (uri !== undefined && isOfSeveral(uri)) warn(`"${name}" is a conversation: name a person`)
    return uri === undefined || isOfSeveral(uri) ? [] : [uri]
  }

  function talkHere(): Talk | undefined {
    const here = current === undefined ? undefined : live.with(current)
    return here ?? only(live.invitations())
  }

  return {
    get current() {
      return current
    },
    to,
    someone,
    persons(names) {
      const uris = names.flatMap(person)
      return uris.length === names.length ? uris : undefined
    },
    addressee() {
      const obvious = current ?? only(live.invitations())?.uri ?? only(known.contacts())?.uri
      if (obvious !== undefined && obvious !== current) to(obvious)
      if (current === undefined) warn('to whom? /to NAME says it, and /who lists your contacts')
      return current
    },
    talk(name) {
      const uri = name === undefined ? undefined : someone(name)
      if (name !== undefined && uri === undefined) return undefined
      const talk = uri === undefined ? talkHere() : live.with(uri)
      if (talk === undefined) warn('there is no such conversation')
      return talk
    },
  }
}

function only<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined
}
