import type { Notice } from '../model/notices.ts'

/** What is used of a service worker's registration to notify. */
export interface Notifier {
  showNotification(title: string, options: Options): Promise<void>
}

/** As the Notifications API has them: TypeScript does not know `renotify`, which not every browser has. */
interface Options extends NotificationOptions {
  readonly renotify?: boolean
}

/** Shows notices. `silent`: without a sound, for what a browser wants shown and the user does not want to hear. */
export async function shownIn(at: Notifier, notices: readonly Notice[], silent = false): Promise<void> {
  for (const { tag, talk, title, body } of notices) {
    const how = silent ? { silent } : { renotify: true }
    await at.showNotification(title, { tag, body, dir: 'auto', icon: '/icon-192.png', data: { talk }, ...how })
  }
}
