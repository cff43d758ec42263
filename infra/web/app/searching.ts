import { reasonOf } from '../../../shared/device/refused.ts'
import { signal, type ReadonlySignal } from '@preact/signals'
import type { Device } from '../../../shared/device/device.ts'
import type { ImEvent } from '../../../shared/rules/messaging.ts'
import type { Model } from '../model/model.ts'
import { peopleIn, type Person } from '../model/person.ts'

/** What a search brought, by the text that it was for. */
export interface Found {
  readonly text: string
  readonly people: readonly Person[]
}

/**
 * Looks for people in the directory of the session's server. Its answer comes along with the service's, or as an event
 * later, or before: the number of the send says what it is the answer to.
 */
export function searching(
  phone: Pick<Device, 'on' | 'send'>,
  model: ReadonlySignal<Model>,
  complain: (reason: string) => void,
) {
  const found = signal<Found | undefined>(undefined)
  let asked: { readonly text: string; number?: number } | undefined
  let early: Extract<ImEvent, { kind: 'found' }> | undefined

  function show(text: string, answer: ImEvent): void {
    found.value = { text, people: peopleIn(model.value.people, [answer]) }
  }

  phone.on((event) => {
    if (event.kind !== 'found') return
    early = event
    if (asked?.number === event.number) show(asked.text, event)
  })
  return {
    found,
    search(text: string) {
      const mine: typeof asked = { text }
      asked = mine
      phone.send({ kind: 'search', text }).then(
        ({ number }) => {
          mine.number = number
          if (asked === mine && early?.number === number) show(text, early)
        },
        (thrown: unknown) => complain(reasonOf(thrown)),
      )
    },
  }
}
