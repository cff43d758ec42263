import type { Command } from '../../../shared/rules/messaging.ts'
import { UpstreamFault, type FaultKind } from '../../../shared/upstream/fault.ts'
import type { LogInOptions, Upstream, UpstreamState, WaitOptions } from '../../../shared/upstream/upstream.ts'
import { CAPABILITIES } from './upstream.ts'

/** What a client asks the endpoint: a method of the port, and its arguments. */
export type Asked =
  | { readonly method: 'logIn'; readonly user: string; readonly password: string; readonly options?: LogInOptions }
  | {
      readonly method: 'next'
      readonly state: UpstreamState
      readonly after: string
      readonly options: Omit<WaitOptions, 'signal'>
    }
  | { readonly method: 'send'; readonly state: UpstreamState; readonly command: Command; readonly key: number }
  | { readonly method: 'logOut'; readonly state: UpstreamState }

type Answered<T> = { readonly answer: T } | { readonly fault: { readonly kind: FaultKind; readonly words: string } }

/** The port over HTTP, before a server in memory of another process (endpoint.ts). */
export function memoryClient(url: string): Upstream {
  const closing = new AbortController()

  /** @throws UpstreamFault: the server's, or `again` where the way to it broke */
  async function ask<T>(asked: Asked, signal?: AbortSignal): Promise<T> {
    const either = AbortSignal.any(signal === undefined ? [closing.signal] : [closing.signal, signal])
    const answered: Answered<T> = await fetch(url, { method: 'POST', body: JSON.stringify(asked), signal: either })
      .then((response) => response.json())
      .catch((cause: unknown) => {
        signal?.throwIfAborted()
        throw new UpstreamFault('again', 'the way to the server in memory broke', { cause, maybeDone: true })
      })
    if ('answer' in answered) return answered.answer
    throw new UpstreamFault(answered.fault.kind, answered.fault.words)
  }

  return {
    capabilities: CAPABILITIES,
    logIn: (user, password, options = {}) => ask({ method: 'logIn', user, password, options }),
    listen: () => ({
      next: (state, after, { signal, ...options }) => ask({ method: 'next', state, after, options }, signal),
    }),
    send: (state, command, key) => ask({ method: 'send', state, command, key }),
    logOut: async (state) => void (await ask({ method: 'logOut', state })),
    close: () => closing.abort(),
  }
}
