import { useSignal } from '@preact/signals'
import type { Client } from '../../app/client.ts'
import { language, words } from '../../words/words.ts'
import { Dialog } from '../controls/dialog.tsx'
import { Field } from '../controls/field.tsx'
import { IconButton } from '../controls/icon-button.tsx'
import { Icon } from '../controls/icons.tsx'

/** The groups of the contact list: added, renamed and removed. */
export function Groups({ client, close }: { readonly client: Client; readonly close: () => void }) {
  const w = words.value.groups
  const name = useSignal('')
  const { compare } = new Intl.Collator(language.value)
  const groups = Object.entries(client.model.value.groups).toSorted(([, one], [, other]) => compare(one, other))
  const add = (event: Event) => {
    event.preventDefault()
    client.ask({ kind: 'add-group', name: name.value.trim() })
    name.value = ''
  }
  return (
    <Dialog title={w.title} close={close}>
      {groups.length === 0 ? <p>{w.none}</p> : <p class="hint">{w.hint}</p>}
      {groups.map(([id, called]) => (
        <Named key={`${id} ${called}`} client={client} id={id} called={called} />
      ))}
      <form class="named-group" onSubmit={add}>
        <div class="grow">
          <Field label={w.add} value={name} />
        </div>
        <button class="main">{w.go}</button>
      </form>
    </Dialog>
  )
}

interface NamedProps {
  readonly client: Client
  readonly id: string
  readonly called: string
}

function Named({ client, id, called }: NamedProps) {
  const w = words.value.groups
  const name = useSignal(called)
  const rename = (event: Event) => {
    event.preventDefault()
    client.ask({ kind: 'rename-group', group: id, name: name.value.trim() })
  }
  return (
    <form class="named-group" onSubmit={rename}>
      <input
        class="grow"
        dir="auto"
        required
        aria-label={w.called(called)}
        value={name.value}
        onInput={({ currentTarget }) => (name.value = currentTarget.value)}
      />
      <button
        class="icon-button"
        aria-label={w.rename(called)}
        title={w.rename(called)}
        disabled={name.value.trim() === called || name.value.trim() === ''}
      >
        <Icon name="check" />
      </button>
      <IconButton label={w.remove(called)} icon="bin" onClick={() => client.ask({ kind: 'delete-group', group: id })} />
    </form>
  )
}
