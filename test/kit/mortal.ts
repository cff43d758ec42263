/** A function was stopped: what it did before stays done, and it does nothing more. */
export class Died extends Error {}

/** A function's life: it dies at the await of its choice, before or after the request or answer that is waited for. */
export interface Life {
  /** Counts an await. Never resolves where the function dies at it. */
  readonly step: () => Promise<void>
  /** Rejects with `Died` when it does. */
  readonly died: Promise<never>
  /** How many awaits it came to. */
  readonly steps: () => number
}

export function lifeUntil(at: number): Life {
  const died = Promise.withResolvers<never>()
  // A caller that does not wait for it is not to be blamed.
  died.promise.catch(() => {})
  let steps = 0
  return {
    died: died.promise,
    steps: () => steps,
    async step() {
      steps += 1
      if (steps - 1 !== at) return
      died.reject(new Died())
      await new Promise<never>(() => {})
    },
  }
}

/** These parts, for a function that dies at one of their answers or requests. */
export function mortal<P extends object>(parts: P, { step }: Life): P {
  const wrap = <T extends object>(part: T): T =>
    new Proxy(part, {
      get(target, name, receiver): unknown {
        const member: unknown = Reflect.get(target, name, receiver)
        if (typeof member !== 'function') return member
        return async (...given: readonly unknown[]) => {
          await step()
          const answer: unknown = await Reflect.apply(member, target, given)
          await step()
          return answer
        }
      },
    })
  const all = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, wrap(part)]))
  // Each part is wrapped as it is.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return all as P
}
