import { useSignal } from '@preact/signals'
import type { Client } from '../../app/client.ts'
import { words } from '../../words/words.ts'
import { Dialog } from '../controls/dialog.tsx'
import { Field } from '../controls/field.tsx'

/** What the user says beside the state; empty: nothing. */
export function OwnNote({ client, close }: { readonly client: Client; readonly close: () => void }) {
  const w = words.value.ownNote
  const note = useSignal(client.model.value.note)
  const save = (event: Event) => {
    event.preventDefault()
    client.ask({ kind: 'note', note: note.value.trim() })
    close()
  }
  return (
    <Dialog title={w.title} close={close}>
      <form onSubmit={save}>
        <Field label={w.label} value={note} optional focused />
        <button class="main">{w.go}</button>
      </form>
    </Dialog>
  )
}
