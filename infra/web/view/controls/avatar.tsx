import type { Availability } from '../../../../shared/rules/messaging.ts'
import { words } from '../../words/words.ts'
import { Presence } from './icons.tsx'

/** Initials on a colour of one's own, and the state in a corner. */
export function Avatar({
  name,
  of,
  isGroup = false,
}: {
  readonly name: string
  readonly of?: Availability | undefined
  readonly isGroup?: boolean
}) {
  return (
    <span class={`avatar hue${hue(name)}`} aria-hidden="true">
      <span>{initials(name)}</span>
      {!isGroup && <Presence of={of} />}
    </span>
  )
}

/** A state in words, for those who do not see its mark, with what the person says beside it. */
export function stateWords(of: Availability | undefined, note?: string): string {
  const state = of === undefined ? words.value.unknown : words.value.availability[of]
  return note === undefined || note === '' ? state : `${state} · ${note}`
}

function initials(name: string): string {
  const parts = name.split(/[\s.]+/u).filter((part) => part !== '')
  const letters = [parts[0], parts.length > 1 ? parts.at(-1) : undefined].map((part) => firstLetter(part ?? ''))
  return letters.join('').toLocaleUpperCase()
}

/** What a reader takes for one letter, of however many units it is made. */
function firstLetter(text: string): string {
  const [first] = new Intl.Segmenter().segment(text)
  return first?.segment ?? ''
}

const HUES = 8

function hue(name: string): number {
  return Array.from(name).reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7) % HUES
}
