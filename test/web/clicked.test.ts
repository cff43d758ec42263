import { describe, expect, it } from 'vitest'
import { clicked } from '../../infra/web/worker/clicked.ts'
import type { WindowClient } from '../../infra/web/worker/scope.ts'

/** The windows of a browser, and what is done with them. */
function browser(count: number) {
  const did: unknown[] = []
  const window = (id: number): WindowClient => ({
    visibilityState: 'hidden',
    focus: () => Promise.resolve(did.push(`focus ${id}`)),
    postMessage: (message) => void did.push([id, message]),
  })
  const clients = {
    claim: () => Promise.resolve(),
    matchAll: () => Promise.resolve(Array.from({ length: count }, (_, id) => window(id))),
    openWindow: (url: string) => Promise.resolve(did.push(url)),
  }
  return { did, clients }
}

describe('a notification that is clicked', () => {
  it('brings the page that is open to the front, at its conversation', async () => {
    const { did, clients } = browser(2)
    await clicked({ talk: 'one:sip:bob@contoso.test' }, { clients })
    expect(did).toEqual([[0, { kind: 'open', talk: 'one:sip:bob@contoso.test' }], 'focus 0'])
  })

  it.each([
    [{ talk: 'one:sip:bob@contoso.test' }, '/#talk=one%3Asip%3Abob%40contoso.test'],
    [{}, '/'],
  ])('opens the page where none is: %j', async (data, url) => {
    const { did, clients } = browser(0)
    await clicked(data, { clients })
    expect(did).toEqual([url])
  })
})
