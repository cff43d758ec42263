import type { Availability } from '../../../../shared/rules/messaging.ts'

/** Drawn here: no font and no picture is fetched. Each stands beside words, or on a button that has some. */
const PATHS = {
  send: 'M3 11.5 20 4l-4 16-4.5-6.5zM20 4l-8.5 9.5',
  back: 'M15 5l-7 7 7 7',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-3.5 3-6 6.5-6s6.5 2.5 6.5 6M16 4.5a3.2 3.2 0 0 1 0 6.2M17.5 14.3c2.4.7 4 2.9 4 5.7',
  add: 'M12 5v14M5 12h14',
  invite: 'M10 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3.5 20c0-3.5 3-6 6.5-6 1.6 0 3 .5 4.1 1.3M18 14v6M15 17h6',
  folder: 'M3 7a1 1 0 0 1 1-1h5l2 2.5h9a1 1 0 0 1 1 1V18a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1z',
  pen: 'M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19z',
  out: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9',
  leave: 'M6 6l12 12M18 6 6 18',
  bin: 'M5 7h14M10 7V4.5h4V7M7 7l1 13h8l1-13',
  scan: 'M4 9V5a1 1 0 0 1 1-1h4M15 4h4a1 1 0 0 1 1 1v4M20 15v4a1 1 0 0 1-1 1h-4M9 20H5a1 1 0 0 1-1-1v-4M8 12h8',
  bell: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4',
  muted: 'M8 7a6 6 0 0 1 10 4v3M18 18H4.5L6 16.5V11M10 20.5h4M4 4l16 16',
  clock: 'M12 7v5l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  checks: 'M2 12.5l4.5 4.5L15 7.5M10.5 16l1 1L21 7.5',
  alert: 'M12 8v5M12 16.2v.1M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
  unsure: 'M9.5 9.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8M12 16.8v.1M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}

/** What is drawn on the mark of a state, for those who do not see its colour. */
const MARKS: Readonly<Partial<Record<Availability, string>>> = {
  idle: 'M6 3.5V6l1.8 1',
  'busy-idle': 'M6 3.5V6l1.8 1',
  'do-not-disturb': 'M3.6 6h4.8',
  'be-right-back': 'M6 3.5V6l1.8 1',
  away: 'M6 3.5V6l1.8 1',
  available: 'M3.7 6.2l1.6 1.6 3-3.4',
}

/** Its words stand beside it, or in its label. */
export function Presence({ of, label }: { readonly of: Availability | undefined; readonly label?: string }) {
  const mark = of === undefined ? undefined : MARKS[of]
  return (
    <svg
      class={`presence ${of ?? 'unknown'}`}
      viewBox="0 0 12 12"
      {...(label === undefined ? { 'aria-hidden': 'true' as const } : { role: 'img' as const, 'aria-label': label })}
    >
      <circle cx="6" cy="6" r="5" />
      {mark !== undefined && <path d={mark} />}
    </svg>
  )
}
