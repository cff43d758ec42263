import { useSignal } from '@preact/signals'
import type { Client } from '../../app/client.ts'
import type { Talk } from '../../model/talk.ts'
import { words } from '../../words/words.ts'
import { Dialog } from '../controls/dialog.tsx'
import { DialogButton } from '../controls/icon-button.tsx'
import { contactsOf, PersonChoices } from '../controls/person-choices.tsx'

interface InviteProps {
  readonly client: Client
  readonly talk: Talk
}

/** Brings others into a conversation; one of two becomes one of several by it. */
export function Invite({ client, talk }: InviteProps) {
  const w = words.value.talk
  return (
    <DialogButton label={w.invite} icon="invite">
      {(close) => <Asked client={client} talk={talk} close={close} />}
    </DialogButton>
  )
}

function Asked({ client, talk, close }: InviteProps & { readonly close: () => void }) {
  const w = words.value.talk
  const chosen = useSignal<readonly string[]>([])
  const people = contactsOf(client, talk.members)
  const invite = (event: Event) => {
    event.preventDefault()
    const conversation = talk.live?.conversation
    if (conversation !== undefined) client.ask({ kind: 'invite', conversation, to: chosen.value })
    close()
  }
  return (
    <Dialog title={w.invite} close={close}>
      {people.length === 0 ? (
        <p>{w.inviteNone}</p>
      ) : (
        <form onSubmit={invite}>
          <PersonChoices legend={w.inviteWho} people={people} chosen={chosen} />
          <button class="main" disabled={chosen.value.length === 0}>
            {w.inviteGo}
          </button>
        </form>
      )}
    </Dialog>
  )
}
