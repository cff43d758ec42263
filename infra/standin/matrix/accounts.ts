import type { Body } from './request.ts'

/** What a client keeps of its user on the server ("Client Config"): of all, and of a room. */
export interface Accounts {
  readonly of: (userId: string) => Iterable<Kept>
  readonly put: (userId: string, type: string, content: Body, room?: string) => void
  readonly get: (userId: string, type: string) => Body | undefined
}

export interface Kept {
  readonly type: string
  readonly room?: string
  readonly content: Body
  readonly at: number
}

export function accounts(step: () => number): Accounts {
  const all = new Map<string, Map<string, Kept>>()
  const of = (userId: string) => {
    const own = all.get(userId) ?? new Map<string, Kept>()
    all.set(userId, own)
    return own
  }
  return {
    of: (userId) => of(userId).values(),
    put(userId, type, content, room) {
      of(userId).set(`${room ?? ''} ${type}`, { type, content, at: step(), ...(room !== undefined && { room }) })
    },
    get: (userId, type) => of(userId).get(` ${type}`)?.content,
  }
}
