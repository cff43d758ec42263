import type { Signal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'

interface FieldProps {
  readonly label: string
  readonly hint?: string
  readonly value: Signal<string>
  readonly type?: 'text' | 'password'
  readonly autocomplete?: 'off' | 'username' | 'current-password'
  /** What is typed is no language: nothing is corrected in it. */
  readonly code?: boolean
  readonly optional?: boolean
  /** The page begins here. */
  readonly focused?: boolean
}

/** A line to type in, with its label above. */
export function Field({
  label,
  hint,
  value,
  type = 'text',
  autocomplete = 'off',
  code = false,
  optional = false,
  focused = false,
}: FieldProps) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (focused) input.current?.focus()
  }, [])
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        ref={input}
        {...(type === 'password' ? { type } : { type })}
        value={value.value}
        onInput={({ currentTarget }) => (value.value = currentTarget.value)}
        autocomplete={autocomplete}
        required={!optional}
        dir={code ? 'ltr' : 'auto'}
        {...(code && { autocapitalize: 'off', spellcheck: false, autocorrect: 'off' })}
        {...(hint !== undefined && { 'aria-describedby': `${id}-hint` })}
      />
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}
