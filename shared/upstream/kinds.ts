/**
 * The server upstreams that there are: values of the setting `upstream`. Each is a folder of shared/, made with the
 * stack's settings by the file of its name in functions/wiring/upstreams/.
 */
export const UPSTREAM_KINDS = ['cwa', 'matrix'] as const
export type UpstreamKind = (typeof UPSTREAM_KINDS)[number]
