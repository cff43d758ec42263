import { useEffect, useMemo, useRef } from 'preact/hooks'
import { wallClock } from '../../../../shared/clock.ts'
import type { Client } from '../../app/client.ts'
import { typingIn } from '../../app/typing.ts'
import type { Talk } from '../../model/talk.ts'
import { words } from '../../words/words.ts'
import { Icon } from '../controls/icons.tsx'

/** The most that the service takes in one message (PROTOCOL.md), in UTF-16 units. */
const LONGEST = 16_000

/** Enter sends, with Shift it begins a line. What was not sent stays as a draft. */
export function Composer({ client, talk, to }: { readonly client: Client; readonly talk: Talk; readonly to: string }) {
  const w = words.value.talk
  const box = useRef<HTMLTextAreaElement>(null)
  const typing = useMemo(() => typingIn(wallClock, (of, isTyping) => client.typing(of, isTyping)), [client])
  useEffect(() => {
    // On a phone the keyboard would cover what one came to read.
    if (matchMedia('(pointer: fine)').matches) box.current?.focus()
  }, [talk.id])
  useEffect(() => grow(box.current), [talk.draft, talk.id])

  function send(event: Event): void {
    event.preventDefault()
    const text = talk.draft.trim()
    if (text === '') return
    typing.sent()
    client.say(talk.id, text)
    box.current?.focus()
  }
  return (
    <form class="composer" onSubmit={send}>
      <textarea
        ref={box}
        rows={1}
        dir="auto"
        maxLength={LONGEST}
        aria-label={w.write(to)}
        placeholder={w.write(to)}
        value={talk.draft}
        onInput={({ currentTarget: { value } }) => {
          client.draft(talk.id, value)
          typing.pressed(value, talk.id)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) send(event)
        }}
      />
      <button class="icon-button send" aria-label={w.send} disabled={talk.draft.trim() === ''}>
        <Icon name="send" />
      </button>
    </form>
  )
}

/** As high as what is in it, up to what the style sheet allows. */
function grow(box: HTMLTextAreaElement | null): void {
  if (box === null) return
  box.style.height = 'auto'
  box.style.height = `${box.scrollHeight}px`
}
