/**
 * Stands for the package `tldts`, which is 121 KB of public suffixes in every bundle that sends cookies. tough-cookie asks
 * it only in its jar, which is not used: cookies go to one server, that the stack's setting names.
 *
 * @returns that nothing is known of this host
 */
export function getDomain(): null {
  return null
}
