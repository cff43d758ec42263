import type { Signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'

interface ChoicesProps {
  readonly legend: string
  /** By what is chosen, what is shown. */
  readonly of: readonly { readonly id: string; readonly name: string; readonly beside?: ComponentChildren }[]
  readonly chosen: Signal<readonly string[]>
}

/** Several of some. */
export function Choices({ legend, of, chosen }: ChoicesProps) {
  const choose = (id: string, isChosen: boolean) =>
    (chosen.value = isChosen ? [...chosen.value, id] : chosen.value.filter((each) => each !== id))
  return (
    <fieldset>
      <legend>{legend}</legend>
      {of.map(({ id, name, beside }) => (
        <label class="choice" key={id}>
          <input
            type="checkbox"
            checked={chosen.value.includes(id)}
            onChange={({ currentTarget }) => choose(id, currentTarget.checked)}
          />
          <span class="grow" dir="auto">
            {name}
          </span>
          {beside !== undefined && <span class="hint">{beside}</span>}
        </label>
      ))}
    </fieldset>
  )
}
