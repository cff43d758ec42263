/** What is used of a browser's PushManager. */
export interface PushSubscriber {
  getSubscription(): Promise<Subscribed | null>
  subscribe(options: { userVisibleOnly: boolean; applicationServerKey: Uint8Array<ArrayBuffer> }): Promise<Subscribed>
}

export interface Subscribed extends Pick<PushSubscription, 'endpoint' | 'unsubscribe'> {
  readonly options: { readonly applicationServerKey: ArrayBuffer | null }
}

/**
 * Has the browser woken by the service: with the subscription that it has, or with a new one where it has none or one for
 * another key. A service whose table was lost has another key than before.
 *
 * @param tell says to the service where this browser is woken, and brings the service's key: base64url
 */
export async function subscribed(browser: PushSubscriber, tell: (endpoint?: string) => Promise<string>): Promise<void> {
  const before = await browser.getSubscription()
  const key = bytesOf(await tell(before?.endpoint))
  if (before !== null && isFor(before, key)) return
  // A browser has one subscription, and makes none for a key beside one for another.
  await before?.unsubscribe()
  const { endpoint } = await browser.subscribe({ userVisibleOnly: true, applicationServerKey: key })
  await tell(endpoint)
}

function isFor({ options: { applicationServerKey } }: Subscribed, key: Uint8Array): boolean {
  const own = new Uint8Array(applicationServerKey ?? new ArrayBuffer())
  return own.length === key.length && own.every((byte, index) => byte === key[index])
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}
