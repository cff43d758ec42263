/** What was begun and is not over yet. */
export interface UnderWay {
  /** The promise must not reject: nothing here could handle that. */
  readonly add: (promise: Promise<unknown>) => void
  /** Resolves once everything is over, what was added meanwhile too. */
  readonly over: () => Promise<void>
}

export function underWay(): UnderWay {
  const promises = new Set<Promise<unknown>>()
  return {
    add(promise) {
      promises.add(promise)
      void promise.finally(() => promises.delete(promise))
    },
    async over() {
      while (promises.size > 0) await Promise.all(promises)
    },
  }
}
