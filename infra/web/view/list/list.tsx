import { useSignal, type Signal } from '@preact/signals'
import type { Client } from '../../app/client.ts'
import { contactList } from '../../model/contact-list.ts'
import { timeOf } from '../../model/days.ts'
import { keyOf, nameOf, type Person } from '../../model/person.ts'
import { lastAt, type Talk } from '../../model/talk.ts'
import { idOfPerson } from '../../model/talks.ts'
import { titleOf } from '../../model/title.ts'
import { language, region, words } from '../../words/words.ts'
import { Avatar, stateWords } from '../controls/avatar.tsx'
import { IconButton } from '../controls/icon-button.tsx'
import { moveFocus } from './moving.ts'
import { Own } from './own.tsx'

/** What the user is asked for in a dialog, which stands above the list and the conversation. */
export type Asked = 'contact' | 'group' | 'groups' | 'note' | 'notifications' | undefined

/** Conversations, and the people one knows. */
export function List({ client, asked }: { readonly client: Client; readonly asked: Signal<Asked> }) {
  const w = words.value.list
  const looked = useSignal('')
  const { people, groups: called, talks } = client.model.value
  const isLooking = looked.value.trim() !== ''
  const recent = isLooking ? [] : talks.filter(isShown).toSorted((one, other) => lastAt(other) - lastAt(one))
  const groups = contactList(people, looked.value, language.value, called)
  return (
    <section class="list" aria-label={w.contacts}>
      <Own client={client} ask={(what) => (asked.value = what)} />
      <Tools client={client} looked={looked} asked={asked} />
      <nav class="scroll" aria-label={w.conversations} onKeyDown={moveFocus}>
        {recent.length > 0 && (
          <section>
            <h2>{w.conversations}</h2>
            <ul>
              {recent.map((talk) => (
                <TalkRow key={talk.id} client={client} talk={talk} />
              ))}
            </ul>
          </section>
        )}
        {groups.map(({ name, people }) => (
          <section key={name ?? ''}>
            <h2 dir="auto">{name ?? (groups.length === 1 ? w.contacts : w.noGroup)}</h2>
            <ul>
              {people.map((person) => (
                <PersonRow key={person.uri} client={client} person={person} />
              ))}
            </ul>
          </section>
        ))}
        {isLooking && client.can('search') && <Directory client={client} looked={looked.value} />}
        {groups.length === 0 && <p class="empty">{isLooking ? w.nobody : w.empty}</p>}
      </nav>
    </section>
  )
}

interface ToolsProps {
  readonly client: Client
  readonly looked: Signal<string>
  readonly asked: Signal<Asked>
}

function Tools({ client, looked, asked }: ToolsProps) {
  const w = words.value.list
  const opener = (label: string, icon: 'people' | 'add' | 'folder', opens: Asked) => (
    <IconButton label={label} icon={icon} onClick={() => (asked.value = opens)} />
  )
  return (
    <div class="tools">
      <input
        type="search"
        class="find"
        dir="auto"
        aria-label={w.find}
        placeholder={w.find}
        value={looked.value}
        onInput={({ currentTarget }) => (looked.value = currentTarget.value)}
      />
      {client.can('groups') && opener(words.value.groups.title, 'folder', 'groups')}
      {opener(w.newGroup, 'people', 'group')}
      {opener(w.addContact, 'add', 'contact')}
    </div>
  )
}

/** A group in which nothing was said yet can be found nowhere else. */
const isShown = ({ entries, draft, isGroup, live }: Talk) =>
  entries.length > 0 || draft !== '' || (isGroup && live !== undefined)

function TalkRow({ client, talk }: { readonly client: Client; readonly talk: Talk }) {
  const w = words.value.list
  const { people, reading } = client.model.value
  const title = titleOf(talk, people)
  const person = talk.isGroup ? undefined : people[keyOf(talk.members[0] ?? '')]
  return (
    <li>
      <button type="button" class="row" aria-current={reading === talk.id} onClick={() => client.read(talk.id)}>
        <Avatar name={title} of={person?.availability} isGroup={talk.isGroup} />
        <span class="grow">
          <span class="name" dir="auto">
            {title}
          </span>
          <span class="preview" dir="auto">
            {talk.draft === '' ? previewOf(talk, client) : `${w.draft} ${talk.draft}`}
          </span>
        </span>
        <span class="side">
          {talk.entries.length > 0 && <time>{timeOf(lastAt(talk), region.value)}</time>}
          {talk.unread > 0 && (
            <span class="count">
              <span aria-hidden="true">{talk.unread}</span>
              <span class="unseen">{w.unread(talk.unread)}</span>
            </span>
          )}
        </span>
      </button>
    </li>
  )
}

function previewOf({ entries, isGroup }: Talk, client: Client): string {
  const { people } = client.model.value
  const last = entries.at(-1)
  if (last === undefined) return ''
  if (last.kind === 'own') return `${words.value.list.you} ${last.text}`
  if (last.kind === 'note') return words.value.notes[last.note](last.who === undefined ? '' : nameOf(people, last.who))
  return isGroup ? `${nameOf(people, last.from)}: ${last.text}` : last.text
}

/** Who the server's directory knows: asked when it is wanted, for each question costs a search there. */
function Directory({ client, looked }: { readonly client: Client; readonly looked: string }) {
  const w = words.value.list
  const { found } = client
  return (
    <section>
      <h2>{w.directory}</h2>
      <button type="button" class="row" onClick={() => client.search(looked.trim())}>
        <span class="name" dir="auto">
          {w.search(looked.trim())}
        </span>
      </button>
      <ul role="status">
        {found.value?.text === looked.trim() &&
          found.value.people.map((person) => <PersonRow key={person.uri} client={client} person={person} />)}
      </ul>
    </section>
  )
}

function PersonRow({ client, person }: { readonly client: Client; readonly person: Person }) {
  const { uri, name, availability, note } = person
  const isOpen = client.model.value.reading === idOfPerson(uri)
  return (
    <li>
      <button type="button" class="row" aria-current={isOpen} onClick={() => client.open(uri)}>
        <Avatar name={name} of={availability} />
        <span class="grow">
          <span class="name" dir="auto">
            {name}
          </span>
          <span class="preview" dir="auto">
            {stateWords(availability, note)}
          </span>
        </span>
      </button>
    </li>
  )
}
