import { useSignal } from '@preact/signals'
import { ROLES, type Uri } from '../../../../shared/rules/messaging.ts'
import type { Client } from '../../app/client.ts'
import { keyOf, nameOf } from '../../model/person.ts'
import type { Talk } from '../../model/talk.ts'
import { words } from '../../words/words.ts'
import { stateWords } from '../controls/avatar.tsx'
import { IconButton } from '../controls/icon-button.tsx'

interface MembersProps {
  readonly client: Client
  readonly talk: Talk
}

/**
 * Who is in a conversation with several, in what role, and what the user may do about it. The list is there while it is open
 * only: Chromium never shows a member who was added to a closed one, though the list is opened later.
 */
export function Members({ client, talk }: MembersProps) {
  const w = words.value.talk
  const own = talk.roles?.[keyOf(client.own.value ?? '')]
  const isOpen = useSignal(false)
  return (
    <details class="members" onToggle={({ currentTarget: { open } }) => (isOpen.value = open)}>
      <summary>{w.members(talk.members.length + 1)}</summary>
      {isOpen.value && (
        <ul>
          <li>
            <span class="grow">{w.fromYou}</span>
            {own !== undefined && <span class="hint">{w.roles[own]}</span>}
          </li>
          {talk.members.map((uri) => (
            <Member key={uri} client={client} talk={talk} uri={uri} />
          ))}
        </ul>
      )}
    </details>
  )
}

function Member({ client, talk, uri }: MembersProps & { readonly uri: Uri }) {
  const w = words.value.talk
  const { people } = client.model.value
  const conversation = talk.live?.conversation
  const name = nameOf(people, uri)
  const role = talk.roles?.[keyOf(uri)]
  const own = talk.roles?.[keyOf(client.own.value ?? '')]
  // Where the server has no roles, or has not said the user's, it decides when it is asked. Of whom it says none is a member.
  const mayEject = conversation !== undefined && client.can('conferences') && own !== 'member'
  const mayPromote = conversation !== undefined && client.can('roles') && own === 'admin'
  return (
    <li>
      <span class="grow" dir="auto">
        {name}
      </span>
      <span class="hint">{stateWords(people[keyOf(uri)]?.availability)}</span>
      {role !== undefined && !mayPromote && <span class="hint">{w.roles[role]}</span>}
      {mayPromote && (
        <select
          aria-label={w.role(name)}
          value={role ?? 'member'}
          onChange={({ currentTarget }) => {
            const chosen = ROLES.find((each) => each === currentTarget.value)
            if (chosen !== undefined) client.ask({ kind: 'role', conversation, uri, role: chosen })
          }}
        >
          {ROLES.map((each) => (
            <option key={each} value={each}>
              {w.roles[each]}
            </option>
          ))}
        </select>
      )}
      {mayEject && (
        <IconButton
          label={w.eject(name)}
          icon="leave"
          onClick={() => client.ask({ kind: 'eject', conversation, uri })}
        />
      )}
    </li>
  )
}
