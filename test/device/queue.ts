/** What has come and was not taken yet; who takes too early waits. Nothing is missed between two takes. */
export interface Queue<T> {
  put(item: T): void
  take(): Promise<T>
}

export function queue<T>(): Queue<T> {
  const items: T[] = []
  const takers: ((item: T) => void)[] = []
  return {
    put(item) {
      const taker = takers.shift()
      if (taker === undefined) items.push(item)
      else taker(item)
    },
    take() {
      const [first] = items.splice(0, 1)
      return first === undefined ? new Promise((resolve) => takers.push(resolve)) : Promise.resolve(first)
    },
  }
}
