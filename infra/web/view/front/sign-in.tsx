import { useSignal } from '@preact/signals'
import type { Client } from '../../app/client.ts'
import type { SignIn as Standing } from '../../app/standing.ts'
import { words } from '../../words/words.ts'
import { Dialog } from '../controls/dialog.tsx'
import { Problem } from '../controls/problem.tsx'
import { Field } from '../controls/field.tsx'
import { useSecondsUntil } from '../controls/ticking.ts'

export interface SignInProps {
  readonly client: Client
  readonly standing: Standing
  readonly forget: () => void
}

/** A browser that is a device, and has no session. */
export function SignIn({ client, standing, forget }: SignInProps) {
  const w = words.value
  const user = useSignal(client.identity.user ?? '')
  const password = useSignal('')
  const forgetting = useSignal(false)
  const isOn = standing.kind === 'trying' || standing.kind === 'busy'
  const go = (event: Event) => {
    event.preventDefault()
    if (!isOn) client.signIn(user.value, password.value)
  }
  return (
    <main class="card">
      <h1>{w.signIn.title}</h1>
      <p class="hint" dir="auto">
        {w.signIn.as(client.identity.device)}
      </p>
      <form onSubmit={go}>
        {standing.kind === 'ended' && <Notice title={w.ended} text={w.reasons[standing.code] ?? standing.reason} />}
        {standing.kind === 'busy' ? (
          <Busy client={client} at={standing.retryAt} />
        ) : (
          <>
            <Field
              label={w.signIn.user}
              hint={w.signIn.userHint}
              value={user}
              autocomplete="username"
              code
              focused={user.value === ''}
            />
            <Field
              label={w.signIn.password}
              value={password}
              type="password"
              autocomplete="current-password"
              focused={user.value !== ''}
            />
            <Problem of={standing.kind === 'refused' ? problemOf(standing) : undefined} />
            <button class="main" disabled={isOn}>
              {isOn ? w.signIn.trying : w.signIn.go}
            </button>
          </>
        )}
      </form>
      <button type="button" class="plain quiet" onClick={() => (forgetting.value = true)}>
        {w.signIn.forget}
      </button>
      {forgetting.value && (
        <Dialog title={w.signIn.forget} close={() => (forgetting.value = false)}>
          <p>{w.signIn.forgetText}</p>
          <button type="button" class="main danger" onClick={forget}>
            {w.signIn.forgetGo}
          </button>
        </Dialog>
      )}
    </main>
  )
}

function problemOf({ code, reason }: Extract<Standing, { kind: 'refused' }>): string {
  const known = code === undefined ? undefined : words.value.reasons[code]
  return known ?? reason
}

function Notice({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <div class="notice" role="alert">
      <strong>{title}</strong>
      <p dir="auto">{text}</p>
    </div>
  )
}

function Busy({ client, at }: { readonly client: Client; readonly at: number }) {
  const w = words.value.signIn
  const seconds = useSecondsUntil(at)
  return (
    <div class="notice busy">
      <strong>{w.busy}</strong>
      <p aria-hidden="true">{w.busyText(seconds)}</p>
      <p class="unseen" role="status">
        {w.busySpoken}
      </p>
      <div class="row">
        <button type="button" class="main" onClick={() => client.now()}>
          {w.tryNow}
        </button>
        <button type="button" class="plain" onClick={() => client.abandon()}>
          {w.giveUp}
        </button>
      </div>
    </div>
  )
}
