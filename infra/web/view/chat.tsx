import { useEffect } from 'preact/hooks'
import type { Client } from '../app/client.ts'
import { words } from '../words/words.ts'
import { Banner } from './banner.tsx'
import { Conversation } from './conversation.tsx'
import { List } from './list.tsx'

/** The list and the conversation: beside each other, or on a phone one of them. */
export function Chat({ client }: { readonly client: Client }) {
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
      <div class={talk === undefined ? 'panes listing' : 'panes talking'}>
        <List client={client} />
        {talk === undefined ? <Nobody /> : <Conversation client={client} talk={talk} />}
      </div>
    </div>
  )
}

function Nobody() {
  const w = words.value.talk
  return (
    <main class="talk nobody">
      <p>{w.none}</p>
      <p class="hint">{w.noneHint}</p>
    </main>
  )
}
