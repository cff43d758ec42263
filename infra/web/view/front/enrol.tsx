import { reasonOf } from '../../../../shared/device/refused.ts'
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { canScan, scanned } from '../../app/scanning.ts'
import { offeredIn, type Offered } from '../../model/enrolment-link.ts'
import { words } from '../../words/words.ts'
import { Field } from '../controls/field.tsx'
import { Icon } from '../controls/icons.tsx'
import { Problem } from '../controls/problem.tsx'

export interface EnrolProps {
  /** What the link brought that opened the page. */
  readonly offered: Offered | undefined
  /** Where this page connects. */
  readonly url: string
  readonly enrol: (offered: Offered) => Promise<void>
}

/** A browser that is no device yet. */
export function Enrol({ offered, url, enrol }: EnrolProps) {
  const w = words.value.enrol
  const problem = useSignal<string | undefined>(undefined)
  const going = useSignal(false)
  const { host } = new URL(url)

  async function go(found: Offered | undefined): Promise<void> {
    problem.value = wrongWith(found, host)
    if (found === undefined || problem.value !== undefined) return
    going.value = true
    try {
      await enrol(found)
    } catch (thrown) {
      problem.value = reasonOf(thrown)
    } finally {
      going.value = false
    }
  }

  const submit = (
    <>
      <Problem of={problem.value} />
      <button class="main" disabled={going.value}>
        {going.value ? w.going : w.go}
      </button>
    </>
  )
  return (
    <main class="card">
      <h1>{w.title}</h1>
      {offered === undefined ? (
        <Asked go={(found) => void go(found)} submit={submit} />
      ) : (
        <form onSubmit={(event) => (event.preventDefault(), void go(offered))}>
          <p>{w.offered(offered.code.split('/')[0] ?? '', host)}</p>
          {submit}
        </form>
      )}
    </main>
  )
}

function wrongWith(offered: Offered | undefined, host: string): string | undefined {
  const w = words.value.enrol
  if (offered === undefined) return w.unclear
  const wanted = offered.url === undefined ? host : new URL(offered.url).host
  return wanted === host ? undefined : w.elsewhere(wanted, host)
}

interface AskedProps {
  readonly go: (offered: Offered | undefined) => void
  readonly submit: ComponentChildren
}

/** What was given out is pasted, typed or scanned. */
function Asked({ go, submit }: AskedProps) {
  const w = words.value.enrol
  const text = useSignal('')
  const scan = useSignal<'off' | 'on' | 'failed'>('off')
  return (
    <>
      <p>{w.text}</p>
      <form onSubmit={(event) => (event.preventDefault(), go(offeredIn(text.value)))}>
        <Field label={w.label} hint={w.hint} value={text} code focused />
        {submit}
      </form>
      {!canScan() && <p class="hint">{w.noScan}</p>}
      {scan.value === 'failed' && <Problem of={w.noCamera} />}
      {canScan() && scan.value !== 'on' && (
        <button type="button" class="plain" onClick={() => (scan.value = 'on')}>
          <Icon name="scan" /> {w.scan}
        </button>
      )}
      {scan.value === 'on' && (
        <Scan
          found={(code) => ((scan.value = 'off'), go(offeredIn(code)))}
          failed={() => (scan.value = 'failed')}
          stop={() => (scan.value = 'off')}
        />
      )}
    </>
  )
}

interface ScanProps {
  readonly found: (code: string) => void
  readonly failed: () => void
  readonly stop: () => void
}

function Scan({ found, failed, stop }: ScanProps) {
  const w = words.value.enrol
  const video = useRef<HTMLVideoElement>(null)
  useEffect(() => {
    const over = new AbortController()
    const { current } = video
    if (current === null) return () => {}
    scanned(current, (text) => offeredIn(text) !== undefined, over.signal).then(
      (code) => code !== undefined && found(code),
      failed,
    )
    return () => over.abort()
  }, [])
  return (
    <div class="scan">
      <p>{w.scanning}</p>
      <video ref={video} muted playsInline />
      <button type="button" class="plain" onClick={stop}>
        {w.stop}
      </button>
    </div>
  )
}
