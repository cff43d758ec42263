import type { Clock } from '../../../../shared/clock.ts'

/** `result`, or an Error named InvocationTimeout when it takes longer than its caller wants to wait. */
export async function bounded<T>(clock: Clock, result: Promise<T>, what: string, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>()
  const cancel = clock.after(timeoutMs, () => {
    const message = `${what} gave no answer within ${timeoutMs} ms. It goes on running.`
    late.reject(Object.assign(new Error(message), { name: 'InvocationTimeout' }))
  })
  try {
    return await Promise.race([result, late.promise])
  } finally {
    cancel()
  }
}
