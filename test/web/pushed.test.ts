import { describe, expect, it } from 'vitest'
import type { NoticeSettings } from '../../infra/web/model/notices.ts'
import { newTalk } from '../../infra/web/model/talk.ts'
import { pushed, subscriptionChanged, type PushedParts } from '../../infra/web/worker/pushed.ts'
import type { WindowClient, WorkerScope } from '../../infra/web/worker/scope.ts'

const BOB = 'sip:bob@contoso.test'
const NOON = new Date(2026, 10, 28, 12).getTime()

/** What a page that is open does when it hears of a push. */
interface Window {
  readonly visibilityState: DocumentVisibilityState
  /** Whether it answers that it has what waits; absent: it is frozen. */
  readonly answers?: boolean
}

interface Scene {
  readonly windows?: readonly Window[]
  readonly settings?: Partial<NoticeSettings>
  /** What the worker fetches: texts of Bob's, or nothing at all. */
  readonly fetched?: readonly string[] | undefined
  /** What is shown already. */
  readonly shown?: number
}

/** A browser: windows, and what is shown. */
function browser({ windows = [], settings = {}, fetched, shown = 0 }: Scene) {
  const did: unknown[] = []
  const window = ({ visibilityState, answers }: Window): WindowClient => ({
    visibilityState,
    focus: () => Promise.resolve(),
    postMessage(message, [port] = []) {
      did.push(message)
      if (port instanceof MessagePort && answers !== undefined) port.postMessage(answers)
    },
  })
  const notices: [string, string | undefined, string][] = []
  const scope: Pick<WorkerScope, 'clients' | 'registration'> = {
    clients: {
      claim: () => Promise.resolve(),
      matchAll: () => Promise.resolve(windows.map(window)),
      openWindow: () => Promise.resolve(),
    },
    registration: {
      active: null,
      pushManager: { getSubscription: () => Promise.resolve(null), subscribe: () => Promise.reject(new Error('no')) },
      getNotifications: () => Promise.resolve(Array.from({ length: shown + notices.length })),
      showNotification(title, { body, silent }) {
        notices.push([title, body, silent === true ? 'silent' : 'aloud'])
        return Promise.resolve()
      },
    },
  }
  const entries = fetched?.map((text, id) => ({ kind: 'heard' as const, id: String(id), at: 0, from: BOB, text })) ?? []
  const news = entries.length === 0 ? [] : [{ talk: newTalk('one', [BOB], false), entries }]
  const parts: PushedParts = {
    settings: () => Promise.resolve({ on: true, shows: 'text', language: 'en', ...settings }),
    fetch: (also) => {
      did.push(also === undefined ? 'fetch' : 'fetch, and subscribe')
      return Promise.resolve(fetched && { news, people: {} })
    },
    now: () => NOON,
    // Only of a page that is frozen is nothing heard, however long one waits.
    wait: () => (windows.every(({ answers }) => answers === undefined) ? Promise.resolve() : new Promise(() => {})),
  }
  return { did, notices, scope, parts }
}

async function after(scene: Scene) {
  const { did, notices, scope, parts } = browser(scene)
  await pushed(scope, parts)
  return { did, notices }
}

async function changed(scene: Scene) {
  const { did, notices, scope, parts } = browser(scene)
  await subscriptionChanged(scope, parts)
  return { did, notices }
}

const GENERIC = ['Collaboration', 'Something waits for you', 'aloud']
const HUSHED = ['Collaboration', 'Something waits for you', 'silent']

describe('a push', () => {
  it('has what waits fetched, and shown, where the page is closed', async () => {
    expect(await after({ fetched: ['Lunch?'] })).toEqual({ did: ['fetch'], notices: [['bob', 'Lunch?', 'aloud']] })
  })

  it('says only that something waits where that cannot be fetched', async () => {
    expect((await after({})).notices).toEqual([GENERIC])
  })

  it.each<[string, Scene]>([
    ['in quiet hours', { fetched: ['Lunch?'], settings: { quiet: { from: 11 * 60, to: 13 * 60 } } }],
    ['where nothing is new', { fetched: [] }],
  ])('shows %s that something waits, without a sound, for browsers want something shown', async (_, scene) => {
    expect((await after(scene)).notices).toEqual([HUSHED])
  })

  it('shows nothing more where something is shown already, and nothing is new', async () => {
    expect((await after({ fetched: [], shown: 1 })).notices).toEqual([])
  })

  it('speaks the language of the page', async () => {
    const { notices } = await after({ settings: { language: 'de' } })
    expect(notices).toMatchObject([['Collaboration', 'Etwas wartet auf Sie', 'aloud']])
  })

  it('shows nothing while somebody looks at the page, which fetches what waits', async () => {
    const windows: Window[] = [{ visibilityState: 'hidden' }, { visibilityState: 'visible' }]
    expect(await after({ windows })).toEqual({ did: [{ kind: 'pushed' }, { kind: 'pushed' }], notices: [] })
  })

  it.each<[string, boolean | undefined, number, unknown[]]>([
    ['has fetched it and notified', true, 1, []],
    ['has fetched it, and the user wants to see nothing of it', true, 0, [HUSHED]],
    ['could not fetch it', false, 0, [GENERIC]],
    ['is frozen', undefined, 0, [GENERIC]],
  ])(
    'is left to a page in the background, which %s: the worker fetches nothing',
    async (_, answers, shown, notices) => {
      const window = { visibilityState: 'hidden', ...(answers !== undefined && { answers }) } as const
      expect(await after({ windows: [window], shown })).toEqual({ did: [{ kind: 'pushed' }], notices })
    },
  )
})

describe('a subscription that was replaced', () => {
  it('is said to the service by the page that is open', async () => {
    const { did, notices } = await changed({ windows: [{ visibilityState: 'hidden' }] })
    expect([did, notices]).toEqual([[{ kind: 'subscription changed' }], []])
  })

  it('is said by the worker where none is, and what came by the way is shown', async () => {
    const { did, notices } = await changed({ fetched: ['Lunch?'] })
    expect([did, notices]).toEqual([['fetch, and subscribe'], [['bob', 'Lunch?', 'aloud']]])
  })

  it('is nothing to a browser whose user turned notifications off', async () => {
    expect((await changed({ settings: { on: false } })).did).toEqual([])
  })
})
