import type { Client } from '../../app/client.ts'
import { timeOf } from '../../model/days.ts'
import { linkedText } from '../../model/linked-text.ts'
import { nameOf } from '../../model/person.ts'
import type { Entry, OwnState } from '../../model/talk.ts'
import { region, words } from '../../words/words.ts'
import { Icon } from '../controls/icons.tsx'

/** One entry of a conversation. Texts are shown as texts: nothing in them is ever markup. */
export function Message({
  client,
  entry,
  named,
}: {
  readonly client: Client
  readonly entry: Entry
  readonly named: boolean
}) {
  const { people } = client.model.value
  if (entry.kind === 'note') {
    const name = entry.who === undefined ? '' : nameOf(people, entry.who)
    return (
      <li class={`note ${entry.note}`} dir="auto">
        {words.value.notes[entry.note](name)}
      </li>
    )
  }
  const isOwn = entry.kind === 'own' || entry.own === true
  const who = entry.kind === 'own' || isOwn ? words.value.talk.fromYou : nameOf(people, entry.from)
  return (
    <li class={isOwn ? 'own' : 'heard'}>
      <div class="bubble">
        <span class={named && !isOwn ? 'who' : 'unseen'} dir="auto">
          {who}
          <span class="unseen">: </span>
        </span>
        <Text of={entry.text} />
        {entry.kind === 'heard' && entry.changed !== undefined && (
          <em class="hint">{words.value.message[entry.changed]}</em>
        )}
        <span class="meta">
          <time dateTime={new Date(entry.at).toISOString()}>{timeOf(entry.at, region.value)}</time>
          {entry.kind === 'own' && <State of={entry.own} />}
        </span>
      </div>
      {entry.kind === 'own' && <Mend client={client} id={entry.id} own={entry.own} />}
    </li>
  )
}

function Text({ of }: { readonly of: string }) {
  return (
    <span class="text" dir="auto">
      {linkedText(of).map(({ text, href }) =>
        href === undefined ? (
          text
        ) : (
          <a href={href} target="_blank" rel="noopener noreferrer">
            {text}
          </a>
        ),
      )}
    </span>
  )
}

const ICONS = {
  waiting: 'clock',
  sending: 'clock',
  accepted: 'check',
  delivered: 'checks',
  unconfirmed: 'unsure',
  failed: 'alert',
  'not-delivered': 'alert',
} as const

function State({ of }: { readonly of: OwnState }) {
  const label = words.value.message[of.state]
  return (
    <span class={`state ${of.state}`} role="img" aria-label={label} title={label}>
      <Icon name={ICONS[of.state]} />
    </span>
  )
}

/** What is known of a message that did not arrive, or may not have, and what can be done. */
function Mend({ client, id, own }: { readonly client: Client; readonly id: string; readonly own: OwnState }) {
  if (!('reason' in own)) return null
  const w = words.value.message
  const why = own.reason === '' && own.state === 'not-delivered' ? w.notReached : own.reason
  return (
    <div class="mend">
      <span dir="auto">
        {w[own.state]}
        {why !== '' && `: ${why}`}
      </span>
      <button type="button" onClick={() => client.sayAgain(id)}>
        {w.again}
      </button>
      <button type="button" onClick={() => client.drop(id)}>
        {w.drop}
      </button>
    </div>
  )
}
