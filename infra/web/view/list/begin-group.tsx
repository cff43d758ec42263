import { useSignal } from '@preact/signals'
import type { Client } from '../../app/client.ts'
import { contactList } from '../../model/contact-list.ts'
import { language, words } from '../../words/words.ts'
import { stateWords } from '../controls/avatar.tsx'
import { Dialog } from '../controls/dialog.tsx'
import { Problem } from '../controls/problem.tsx'
import { Field } from '../controls/field.tsx'
import { Presence } from '../controls/icons.tsx'

export function BeginGroup({ client, close }: { readonly client: Client; readonly close: () => void }) {
  const w = words.value.group
  const chosen = useSignal<readonly string[]>([])
  const subject = useSignal('')
  const text = useSignal('')
  const isFew = useSignal(false)
  const everybody = contactList(client.model.value.people, '', language.value).flatMap(({ people }) => people)
  const people = [...new Map(everybody.map((person) => [person.uri, person])).values()]
  const begin = (event: Event) => {
    event.preventDefault()
    isFew.value = chosen.value.length < 2
    if (isFew.value) return
    client.beginGroup(chosen.value, subject.value.trim(), text.value.trim())
    close()
  }
  const choose = (uri: string, isChosen: boolean) =>
    (chosen.value = isChosen ? [...chosen.value, uri] : chosen.value.filter((each) => each !== uri))
  return (
    <Dialog title={w.title} close={close}>
      <form onSubmit={begin}>
        <fieldset>
          <legend>{w.who}</legend>
          {people.map(({ uri, name, availability }) => (
            <label class="choice" key={uri}>
              <input
                type="checkbox"
                checked={chosen.value.includes(uri)}
                onChange={({ currentTarget }) => choose(uri, currentTarget.checked)}
              />
              <span class="grow" dir="auto">
                {name}
              </span>
              <span class="hint">
                <Presence of={availability} /> {stateWords(availability)}
              </span>
            </label>
          ))}
        </fieldset>
        <Field label={w.subject} value={subject} optional />
        <Field label={w.text} value={text} />
        <Problem of={isFew.value ? w.few : undefined} />
        <button class="main">{w.go}</button>
      </form>
    </Dialog>
  )
}
