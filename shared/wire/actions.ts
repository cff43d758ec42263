/** The routes that a device's frames name in `action`: the API serves each by the function of that name. */
export const ACTIONS = ['login', 'send', 'poll', 'status', 'logout', 'enroll', 'subscribe'] as const
/** Those that a service has only where it wakes devices by Web Push. */
export const PUSH_ACTIONS = ['subscribe'] as const satisfies readonly Action[]
export type Action = (typeof ACTIONS)[number]
