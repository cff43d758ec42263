import { useSignal } from '@preact/signals'
import type { Client } from '../../app/client.ts'
import { words } from '../../words/words.ts'
import { Dialog } from '../controls/dialog.tsx'
import { Problem } from '../controls/problem.tsx'
import { Field } from '../controls/field.tsx'
import { contactsOf, PersonChoices } from '../controls/person-choices.tsx'

export function BeginGroup({ client, close }: { readonly client: Client; readonly close: () => void }) {
  const w = words.value.group
  const chosen = useSignal<readonly string[]>([])
  const subject = useSignal('')
  const text = useSignal('')
  const isFew = useSignal(false)
  const people = contactsOf(client)
  const begin = (event: Event) => {
    event.preventDefault()
    isFew.value = chosen.value.length < 2
    if (isFew.value) return
    client.beginGroup(chosen.value, subject.value.trim(), text.value.trim())
    close()
  }
  return (
    <Dialog title={w.title} close={close}>
      <form onSubmit={begin}>
        <PersonChoices legend={w.who} people={people} chosen={chosen} />
        <Field label={w.subject} value={subject} optional />
        <Field label={w.text} value={text} />
        <Problem of={isFew.value ? w.few : undefined} />
        <button class="main">{w.go}</button>
      </form>
    </Dialog>
  )
}
