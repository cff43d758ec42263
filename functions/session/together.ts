/**
 * What all of these come to, once each is over: one that fails first does not leave the others writing behind the back of
 * what is undone next.
 *
 *   login   open the seat ✘ ── undo: remove the session ✔ ── (still under way) write the session ✔     a session of no seat
 *
 * @throws what the first of them threw, in the order in which they are given
 */
export async function together<T extends readonly unknown[]>(works: {
  readonly [K in keyof T]: Promise<T[K]>
}): Promise<T> {
  await Promise.allSettled(works)
  return Promise.all(works)
}
