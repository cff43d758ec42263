/** The routes that a device's frames name in `action`: the API serves each by the function of that name. */
export const ACTIONS = ['login', 'send', 'poll', 'status', 'logout', 'enroll'] as const
export type Action = (typeof ACTIONS)[number]
