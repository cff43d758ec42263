/** Works on all, so many at once. Results are in the order of what was given; the first fault is thrown, and none begun after it. */
export async function mapConcurrent<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const left = items.entries()
  let failed = false
  const worker = async () => {
    for (const [at, item] of left) {
      if (failed) return
      try {
        results[at] = await work(item)
      } catch (thrown) {
        failed = true
        throw thrown
      }
    }
  }
  const settled = await Promise.allSettled(Array.from({ length: atOnce }, worker))
  const fault = settled.find((each) => each.status === 'rejected')
  if (fault !== undefined) throw fault.reason
  return results
}
