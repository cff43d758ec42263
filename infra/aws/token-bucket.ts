/** A quota of AWS. */
export interface Rate {
  /** How many tokens come back in a second. */
  readonly perSecond: number
  /** How many there are at most: what may come at once after a rest. */
  readonly burst: number
}

/**
 * The token bucket by which AWS throttles: each request takes a token, one that finds none is refused and takes none.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/throttling.html
 *
 * @param now epoch milliseconds
 * @returns whether one more request may pass
 */
export function tokenBucket({ perSecond, burst }: Rate, now: () => number): () => boolean {
  let tokens = burst
  let filledAt = now()
  return () => {
    const at = now()
    tokens = Math.min(burst, tokens + (Math.max(0, at - filledAt) / 1_000) * perSecond)
    filledAt = at
    if (tokens < 1) return false
    tokens -= 1
    return true
  }
}
