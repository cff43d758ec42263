import { useSignal } from '@preact/signals'
import type { Client } from '../../app/client.ts'
import { userPart } from '../../model/person.ts'
import { words } from '../../words/words.ts'
import { Dialog } from '../controls/dialog.tsx'
import { Field } from '../controls/field.tsx'

export function AddContact({ client, close }: { readonly client: Client; readonly close: () => void }) {
  const w = words.value.contact
  const uri = useSignal('sip:')
  const name = useSignal('')
  const add = (event: Event) => {
    event.preventDefault()
    const address = uri.value.trim()
    client.ask({ kind: 'add-contact', uri: address, name: name.value.trim() || userPart(address) })
    close()
  }
  return (
    <Dialog title={w.title} close={close}>
      <form onSubmit={add}>
        <Field label={w.uri} hint={w.uriHint} value={uri} code focused />
        <Field label={w.name} value={name} optional />
        <button class="main">{w.go}</button>
      </form>
    </Dialog>
  )
}
