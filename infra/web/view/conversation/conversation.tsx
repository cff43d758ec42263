import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Client } from '../../app/client.ts'
import { dayOf, days } from '../../model/days.ts'
import { keyOf, nameOf, type People, type Person } from '../../model/person.ts'
import type { Talk } from '../../model/talk.ts'
import { titleOf } from '../../model/title.ts'
import { region, words } from '../../words/words.ts'
import { Avatar, stateWords } from '../controls/avatar.tsx'
import { Composer } from './composer.tsx'
import { Dialog } from '../controls/dialog.tsx'
import { DialogButton } from '../controls/icon-button.tsx'
import { Icon } from '../controls/icons.tsx'
import { EditContact } from './edit-contact.tsx'
import { Invite } from './invite.tsx'
import { Members } from './members.tsx'
import { Message } from './message.tsx'

export function Conversation({ client, talk }: { readonly client: Client; readonly talk: Talk }) {
  const w = words.value.talk
  const { people } = client.model.value
  const title = titleOf(talk, people)
  const isOver = talk.isGroup && (talk.members.length === 0 || (talk.live === undefined && talk.entries.some(isEnd)))
  return (
    <section class="talk" aria-label={title}>
      <Header client={client} talk={talk} title={title} />
      <Entries client={client} talk={talk} title={title} />
      <p class="typing" role="status" dir="auto">
        {typingWords(talk, people)}
      </p>
      {isOver ? <p class="over">{w.over}</p> : <Composer client={client} talk={talk} to={title} />}
    </section>
  )
}

const isEnd = (entry: Talk['entries'][number]) => entry.kind === 'note' && entry.note === 'ended'

function typingWords({ typing }: Talk, people: People): string {
  const names = typing.map((uri) => nameOf(people, uri)).join(', ')
  if (typing.length === 0) return ''
  return typing.length === 1 ? words.value.talk.typing(names) : words.value.talk.typingMany(names)
}

interface HeadProps {
  readonly client: Client
  readonly talk: Talk
  readonly title: string
}

function Header({ client, talk, title }: HeadProps) {
  const w = words.value
  const { people } = client.model.value
  const person = talk.isGroup ? undefined : people[keyOf(talk.members[0] ?? '')]
  return (
    <header class="talk-head">
      <button type="button" class="icon-button back" aria-label={w.talk.back} onClick={() => client.read(undefined)}>
        <Icon name="back" />
      </button>
      <Avatar name={title} of={person?.availability} isGroup={talk.isGroup} />
      <div class="grow">
        <h2 dir="auto">{title}</h2>
        {talk.isGroup ? (
          <Members client={client} talk={talk} />
        ) : (
          <p class="hint one-line" dir="auto">
            {stateWords(person?.availability, person?.note)}
          </p>
        )}
      </div>
      {talk.live?.state === 'connected' && client.can('conferences') && <Invite client={client} talk={talk} />}
      {talk.isGroup && talk.live?.conversation !== undefined && (
        <button type="button" class="plain" onClick={() => client.leave(talk.id)}>
          <Icon name="out" /> <span class="wide">{w.talk.leave}</span>
        </button>
      )}
      <Mute client={client} talk={talk} title={title} />
      {person?.contact === true && client.can('groups') && <EditContact client={client} person={person} />}
      {person?.contact === true && <Remove client={client} person={person} />}
    </header>
  )
}

/** Whether the user is notified of what is said here. */
function Mute({ client, talk, title }: HeadProps) {
  const w = words.value.notices
  const { muted = false } = talk
  if (!client.notifying.settings.value.on) return null
  return (
    <button
      type="button"
      class="icon-button"
      aria-pressed={muted}
      aria-label={w.mute(title)}
      title={muted ? w.muted : w.mute(title)}
      onClick={() => client.mute(talk.id, !muted)}
    >
      <Icon name={muted ? 'muted' : 'bell'} />
    </button>
  )
}

/** Takes somebody off the contact list, once that was confirmed. */
function Remove({ client, person: { uri, name } }: { readonly client: Client; readonly person: Person }) {
  const w = words.value.talk
  return (
    <DialogButton label={w.remove} icon="bin">
      {(close) => (
        <Dialog title={w.remove} close={close}>
          <p dir="auto">{w.removeText(name)}</p>
          <button
            type="button"
            class="main danger"
            onClick={() => {
              close()
              client.ask({ kind: 'delete-contact', uri })
            }}
          >
            {w.remove}
          </button>
        </Dialog>
      )}
    </DialogButton>
  )
}

function Entries({ client, talk, title }: HeadProps) {
  const w = words.value.talk
  const box = useRef<HTMLDivElement>(null)
  const last = talk.entries.at(-1)?.id
  useLayoutEffect(() => {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight
  }, [last, talk.id, talk.typing.length])
  return (
    <div class="entries" ref={box} role="log" aria-live="polite" aria-label={w.messages(title)} tabIndex={0}>
      {talk.entries.length === 0 && <p class="empty">{w.begin}</p>}
      {days(talk.entries).map(({ at, entries }) => (
        <section key={at}>
          <h3 class="day">{dayOf(at, Date.now(), region.value)}</h3>
          <ul>
            {entries.map((entry) => (
              <Message key={entry.id} client={client} entry={entry} named={talk.isGroup} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  )
}
