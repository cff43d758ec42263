import type { ReadonlySignal } from '@preact/signals'
import { words } from '../words/words.ts'
import type { Page } from '../app/page.ts'
import { Chat } from './chat.tsx'
import { Enrol } from './front/enrol.tsx'
import { Language } from './controls/language.tsx'
import { SignIn } from './front/sign-in.tsx'

/** Whatever the page shows just now. */
export function App({ page }: { readonly page: ReadonlySignal<Page> }) {
  const { face } = page.value
  const client = 'client' in page.value ? page.value.client : undefined
  if (client !== undefined && client.standing.value === undefined) return <Chat client={client} />
  return (
    <div class="front">
      <header class="corner">
        <Language />
      </header>
      <Front page={page.value} key={face} />
    </div>
  )
}

function Front({ page }: { readonly page: Page }) {
  const w = words.value
  switch (page.face) {
    case 'loading':
      return <main class="card">{w.loading}</main>
    case 'broken':
      return (
        <main class="card">
          <h1>{w.title}</h1>
          <p role="alert">{w.noKeeping}</p>
        </main>
      )
    case 'elsewhere':
      return (
        <main class="card">
          <h1>{w.elsewhere.title}</h1>
          <p>{w.elsewhere.text}</p>
          <button type="button" class="main" onClick={page.take} autofocus>
            {w.elsewhere.take}
          </button>
        </main>
      )
    case 'enrol':
      return <Enrol {...page} />
    case 'client': {
      const { standing } = page.client
      return standing.value === undefined ? null : (
        <SignIn client={page.client} standing={standing.value} forget={page.forget} />
      )
    }
    default:
      return page satisfies never
  }
}
