import { AVAILABILITIES, type Availability } from '../../../../shared/rules/messaging.ts'
import type { Client } from '../../app/client.ts'
import { nameOf, userPart } from '../../model/person.ts'
import { words } from '../../words/words.ts'
import { Avatar } from '../controls/avatar.tsx'
import { IconButton } from '../controls/icon-button.tsx'
import { Language } from '../controls/language.tsx'

/** States that a person chooses; `idle` and the like a client says by itself. */
const CHOICES = ['available', 'busy', 'do-not-disturb', 'be-right-back', 'away', 'offline'] as const

interface OwnProps {
  readonly client: Client
  readonly ask: (what: 'note' | 'notifications') => void
}

/** Who one is, in what state, and the way out. */
export function Own({ client, ask }: OwnProps) {
  const w = words.value
  const uri = client.own.value
  const { availability, people, note } = client.model.value
  const name = uri === undefined ? userPart(client.identity.user ?? '') : nameOf(people, uri)
  return (
    <header class="own-head">
      <Avatar name={name} of={availability} />
      <div class="grow">
        <h2 dir="auto">{name}</h2>
        <select
          class="own-state"
          aria-label={w.ownState}
          value={availability ?? 'available'}
          onChange={({ currentTarget }) => {
            const chosen = AVAILABILITIES.find((each) => each === currentTarget.value)
            if (chosen !== undefined) client.become(chosen)
          }}
        >
          {choices(availability).map((each) => (
            <option key={each} value={each}>
              {w.availability[each]}
            </option>
          ))}
        </select>
        {client.can('notes') && (
          <button type="button" class="own-note" dir="auto" onClick={() => ask('note')}>
            {note === '' ? w.ownNote.add : note}
          </button>
        )}
      </div>
      <Language />
      <IconButton label={w.notices.title} icon="bell" onClick={() => ask('notifications')} />
      <IconButton label={w.list.signOut} icon="out" onClick={() => void client.signOut()} />
    </header>
  )
}

/** With what one is just now, where that cannot be chosen. */
function choices(now: Availability | undefined): readonly Availability[] {
  return now === undefined || CHOICES.some((each) => each === now) ? CHOICES : [now, ...CHOICES]
}
