import { effect } from '@preact/signals'
import { words } from '../words/words.ts'

/** Shows how much is unread in the tab's title, and on the icon of the installed page where the system can. */
export function badge(unread: () => number): void {
  effect(() => {
    const count = unread()
    const { title } = words.value
    document.title = count === 0 ? title : `(${count}) ${title}`
    if ('setAppBadge' in navigator) void navigator.setAppBadge(count).catch(() => {})
  })
}
