import { wallClock } from '../../clock.ts'
import { transport } from '../../upstream/http/transport.ts'
import type { CwaOptions } from '../client.ts'
import type { Link } from './requests.ts'

/** @throws TypeError when `url` is no http or https URL */
export function linkTo({
  url: text,
  codec,
  ca,
  legacyTls,
  deadlineMs = 10_000,
  clock = wallClock,
  onUnread,
}: CwaOptions): Link {
  const url = new URL(text)
  if (!/^https?:$/.test(url.protocol)) throw new TypeError(`the server's URL must begin with https://, or http://`)
  return { url, http: transport({ url, ca, legacyTls, clock }), codec, clock, deadlineMs, onUnread }
}
