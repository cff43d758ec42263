import { useSignal, useSignalEffect } from '@preact/signals'
import type { Client } from '../app/client.ts'
import { words } from '../words/words.ts'
import { newVersion, takeNewVersion } from '../app/installing.ts'
import { useSecondsUntil } from './controls/ticking.ts'

/** What stands above everything: how the connection is, what did not work, and that there is a new version. */
export function Banner({ client }: { readonly client: Client }) {
  const { line, complaint } = client
  const w = words.value
  const { state, retryAt, isFirst } = line.value
  return (
    <header class="banners">
      {state === 'connecting' && isFirst !== true && (
        <div class="banner warn">
          {retryAt === undefined ? <span>{w.line.retrying}</span> : <Countdown at={retryAt} />}
          <button type="button" onClick={() => client.tryNow()}>
            {w.line.tryNow}
          </button>
        </div>
      )}
      {complaint.value !== undefined && (
        <div class="banner bad" role="alert">
          <span dir="auto">{w.complaint(complaint.value)}</span>
          <button type="button" onClick={() => client.calm()}>
            {w.close}
          </button>
        </div>
      )}
      {newVersion.value !== undefined && (
        <div class="banner" role="status">
          <span>{w.update}</span>
          <button type="button" onClick={takeNewVersion}>
            {w.reload}
          </button>
        </div>
      )}
      <Spoken client={client} />
    </header>
  )
}

function Countdown({ at }: { readonly at: number }) {
  return <span>{words.value.line.retry(useSecondsUntil(at))}</span>
}

/** A screen reader says once that the connection went, and once that it is back: not each second of the count. */
function Spoken({ client }: { readonly client: Client }) {
  const said = useSignal('')
  const wasAway = useSignal(false)
  useSignalEffect(() => {
    const { state, isFirst } = client.line.value
    if (isFirst === true) return
    if (state === 'connecting') said.value = words.peek().line.spoken
    else if (state === 'online' && wasAway.peek()) said.value = words.peek().line.back
    wasAway.value = state === 'connecting'
  })
  return (
    <p class="unseen" role="status">
      {said.value}
    </p>
  )
}
