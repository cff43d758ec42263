/** The headers of each of the page's files, here as behind CloudFront: by name, in small letters. */
export interface PageHeaders {
  readonly [name: string]: string
}

/** The one policy of the page under Trusted Types (app/installing.ts). */
const TRUSTED_TYPES_POLICY = 'worker'

/**
 * Only what the page brings is run or shown, nothing but the service is connected to, and no text can become a script.
 * `http-equiv` is not used: frame-ancestors does not count there.
 *
 * @param service the origin of the service's WebSocket, such as `wss://abc123.execute-api.eu-west-1.amazonaws.com`
 */
export function contentSecurityPolicy(service: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    `connect-src 'self' ${service}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    `trusted-types ${TRUSTED_TYPES_POLICY}`,
  ].join('; ')
}

/** The camera is for scanning an enrolment code. */
export const PERMISSIONS_POLICY = 'camera=(self), geolocation=(), microphone=(), payment=(), usb=()'

/** The headers of every file, beside the policy above. */
export const PAGE_HEADERS: PageHeaders = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': PERMISSIONS_POLICY,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** A file whose name has its content's hash is kept for a year; any other is asked for anew each time it is used. */
export const CACHE_CONTROL = { hashed: 'public, max-age=31536000, immutable', other: 'no-cache' } as const
