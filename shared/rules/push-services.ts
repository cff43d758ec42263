/**
 * The push services of the browsers: Chromium's, Firefox's, Safari's and Edge's. A device names the address that it is woken
 * at, and this service posts there: so the hosts are a closed list, and none of them is in a team's own network.
 */
export const PUSH_SERVICES = [
  'fcm.googleapis.com',
  'updates.push.services.mozilla.com',
  '*.push.apple.com',
  '*.notify.windows.com',
] as const

/** A host, `*.` for one or more names before it, or an origin on this machine, for the local stack alone. */
export const PUSH_SERVICE = /^(?:(?:\*\.)?(?:[a-z0-9-]+\.)+[a-z]{2,}|http:\/\/127\.0\.0\.1:\d{1,5})$/

/**
 * Whether this service posts there: to one of the hosts, by HTTPS on its own port; or to an origin that is named with its
 * scheme.
 *
 * @param services each as PUSH_SERVICE has it
 */
export function isOfPushService(endpoint: string, services: readonly string[]): boolean {
  if (!URL.canParse(endpoint)) return false
  const { protocol, hostname, port, origin, username, password } = new URL(endpoint)
  if (username !== '' || password !== '') return false
  if (services.includes(origin)) return true
  if (protocol !== 'https:' || port !== '') return false
  return services.some((each) => (each.startsWith('*.') ? hostname.endsWith(each.slice(1)) : hostname === each))
}
