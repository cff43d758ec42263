import { talkLink } from '../model/talk-link.ts'
import type { WorkerScope } from './scope.ts'

/** The story of a notification that is clicked: the page comes to the front, or is opened, at its conversation. */
export async function clicked(
  { talk }: { readonly talk?: string },
  { clients }: Pick<WorkerScope, 'clients'>,
): Promise<void> {
  const [window] = await clients.matchAll({ type: 'window', includeUncontrolled: true })
  if (window === undefined) return void (await clients.openWindow(talk === undefined ? '/' : talkLink(talk)))
  window.postMessage({ kind: 'open', talk }, [])
  await window.focus()
}
