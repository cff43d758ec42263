import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Client } from '../app/client.ts'
import { Notifications } from './settings/notifications.tsx'
import { words } from '../words/words.ts'
import { AddContact } from './list/add-contact.tsx'
import { Banner } from './banner.tsx'
import { Groups } from './list/groups.tsx'
import { OwnNote } from './list/own-note.tsx'
import { BeginGroup } from './list/begin-group.tsx'
import { Conversation } from './conversation/conversation.tsx'
import { List, type Asked } from './list/list.tsx'

/** The list and the conversation: beside each other, or on a phone one of them. */
export function Chat({ client }: { readonly client: Client }) {
  const asked = useSignal<Asked>(undefined)
  const close = () => (asked.value = undefined)
  const { talks, reading } = client.model.value
  const talk = talks.find(({ id }) => id === reading)
  useEffect(() => {
    const back = ({ key, defaultPrevented }: KeyboardEvent) => {
      if (key !== 'Escape' || defaultPrevented || document.querySelector('dialog[open]') !== null) return
      client.read(undefined)
      document.querySelector<HTMLElement>('.list .row')?.focus()
    }
    addEventListener('keydown', back)
    return () => removeEventListener('keydown', back)
  }, [client])
  return (
    <div class="frame">
      <Banner client={client} />
      <main class={talk === undefined ? 'panes listing' : 'panes talking'}>
        <h1 class="unseen">{words.value.title}</h1>
        <List client={client} asked={asked} />
        {talk === undefined ? <NothingOpen /> : <Conversation client={client} talk={talk} />}
      </main>
      {asked.value === 'contact' && <AddContact client={client} close={close} />}
      {asked.value === 'notifications' && <Notifications notifying={client.notifying} close={close} />}
      {asked.value === 'note' && <OwnNote client={client} close={close} />}
      {asked.value === 'groups' && <Groups client={client} close={close} />}
      {asked.value === 'group' && <BeginGroup client={client} close={close} />}
    </div>
  )
}

function NothingOpen() {
  const w = words.value.talk
  return (
    <div class="talk nothing-open">
      <p>{w.none}</p>
      <p class="hint">{w.noneHint}</p>
    </div>
  )
}
