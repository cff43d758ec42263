import { useId } from 'preact/hooks'
import type { Notifying } from '../../notify/notifying.ts'
import { SHOWN } from '../../model/notices.ts'
import { clockTime, minuteIn, NIGHT, type QuietHours } from '../../model/quiet-hours.ts'
import { words } from '../../words/words.ts'
import { Dialog } from '../controls/dialog.tsx'
import { Problem } from '../controls/problem.tsx'

interface Props {
  readonly notifying: Notifying
}

/** What the user is notified of, and how much of it others may see. */
export function Notifications({ notifying, close }: Props & { readonly close: () => void }) {
  const { settings, permission } = notifying
  const isOn = settings.value.on && permission.value === 'granted'
  return (
    <Dialog title={words.value.notices.title} close={close}>
      <Standing notifying={notifying} isOn={isOn} />
      {isOn && <Shows notifying={notifying} />}
      {isOn && <Quiet notifying={notifying} />}
    </Dialog>
  )
}

/** Whether the user is notified, what stands against it, and the button that changes it. */
function Standing({ notifying, isOn }: Props & { readonly isOn: boolean }) {
  const w = words.value.notices
  const { permission, waking } = notifying
  if (permission.value === 'missing') return <p>{w.missing}</p>
  if (permission.value === 'denied') return <p>{w.blocked}</p>
  const { value } = waking
  const problem = value.state === 'failed' ? w.failed(value.reason) : undefined
  return (
    <>
      <p role="status">{isOn ? standingWords(value.state) : w.off}</p>
      {isOn && value.state === 'not-offered' && <p class="hint">{w.notOffered}</p>}
      <Problem of={isOn ? problem : undefined} />
      <div class="row">
        {(!isOn || problem !== undefined) && (
          <button type="button" class="main" onClick={() => void notifying.turnOn()}>
            {isOn ? w.again : w.turnOn}
          </button>
        )}
        {isOn && (
          <button type="button" class="plain" onClick={() => void notifying.turnOff()}>
            {w.turnOff}
          </button>
        )}
      </div>
    </>
  )
}

function standingWords(state: Notifying['waking']['value']['state']): string {
  const w = words.value.notices
  if (state === 'asking') return w.asking
  return state === 'yes' ? w.on : w.onlyOpen
}

function Shows({ notifying }: Props) {
  const w = words.value.notices
  const name = useId()
  return (
    <fieldset>
      <legend>{w.shows}</legend>
      {SHOWN.map((each) => (
        <label class="choice" key={each}>
          <input
            type="radio"
            name={name}
            checked={notifying.settings.value.shows === each}
            onChange={() => notifying.change({ shows: each })}
          />
          <span class="grow">{w.shown[each]}</span>
        </label>
      ))}
      <p class="hint">{w.shownHint}</p>
    </fieldset>
  )
}

function Quiet({ notifying }: Props) {
  const w = words.value.notices
  const { quiet } = notifying.settings.value
  const change = (quiet: QuietHours | undefined) => notifying.change({ quiet })
  return (
    <fieldset>
      <label class="choice">
        <input
          type="checkbox"
          checked={quiet !== undefined}
          onChange={({ currentTarget: { checked } }) => change(checked ? NIGHT : undefined)}
        />
        <span class="grow">{w.quiet}</span>
      </label>
      {quiet !== undefined && (
        <div class="row">
          <Minute label={w.from} value={quiet.from} set={(from) => change({ ...quiet, from })} />
          <Minute label={w.to} value={quiet.to} set={(to) => change({ ...quiet, to })} />
        </div>
      )}
      <p class="hint">{w.quietHint}</p>
    </fieldset>
  )
}

interface MinuteProps {
  readonly label: string
  readonly value: number
  readonly set: (minute: number) => void
}

function Minute({ label, value, set }: MinuteProps) {
  const id = useId()
  const typed = (text: string) => {
    const minute = minuteIn(text)
    if (minute !== undefined) set(minute)
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="time"
        value={clockTime(value)}
        onChange={({ currentTarget }) => typed(currentTarget.value)}
      />
    </div>
  )
}
