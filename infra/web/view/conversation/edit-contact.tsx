import { useSignal } from '@preact/signals'
import type { Client } from '../../app/client.ts'
import type { Person } from '../../model/person.ts'
import { words } from '../../words/words.ts'
import { Choices } from '../controls/choices.tsx'
import { Dialog } from '../controls/dialog.tsx'
import { Field } from '../controls/field.tsx'
import { DialogButton } from '../controls/icon-button.tsx'

interface EditContactProps {
  readonly client: Client
  readonly person: Person
}

/** What a contact is called, and which groups it is in. */
export function EditContact({ client, person }: EditContactProps) {
  const w = words.value.contact
  return (
    <DialogButton label={w.edit} icon="pen">
      {(close) => <Asked client={client} person={person} close={close} />}
    </DialogButton>
  )
}

function Asked({ client, person, close }: EditContactProps & { readonly close: () => void }) {
  const w = words.value.contact
  const name = useSignal(person.name)
  const groups = useSignal(person.groups)
  const known = Object.entries(client.model.value.groups).map(([id, name]) => ({ id, name }))
  const save = (event: Event) => {
    event.preventDefault()
    client.ask({ kind: 'update-contact', uri: person.uri, name: name.value.trim(), groups: groups.value })
    close()
  }
  return (
    <Dialog title={w.edit} close={close}>
      <form onSubmit={save}>
        <Field label={w.name} value={name} />
        {known.length === 0 ? (
          <p class="hint">{words.value.groups.none}</p>
        ) : (
          <Choices legend={w.groups} of={known} chosen={groups} />
        )}
        <button class="main">{w.save}</button>
      </form>
    </Dialog>
  )
}
