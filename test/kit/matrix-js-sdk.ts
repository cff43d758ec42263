import { existsSync } from 'node:fs'
import { join } from 'node:path'

const FILE = join(import.meta.dirname, '../../.local/judges/matrix-js-sdk/node_modules/matrix-js-sdk/lib/index.js')

/** Whether the client that others write with is here: matrix-js-sdk, which Element is made of, and .ci/run installs. */
export const HAS_JS_SDK = existsSync(FILE)

/** An event, as matrix-js-sdk has it. */
export interface JsEvent {
  readonly getType: () => string
  readonly getId: () => string
  readonly getSender: () => string
  readonly getContent: () => Readonly<Record<string, unknown>>
  readonly isRedacted: () => boolean
}

/** The part of matrix-js-sdk's client that the tests use. */
export interface JsClient {
  readonly login: (
    type: string,
    data: object,
  ) => Promise<{ readonly access_token: string; readonly user_id: string; readonly device_id: string }>
  readonly startClient: (options: object) => Promise<void>
  readonly stopClient: () => void
  readonly on: (name: string, listener: (...values: readonly unknown[]) => void) => void
  readonly joinRoom: (room: string) => Promise<unknown>
  readonly createRoom: (options: object) => Promise<{ readonly room_id: string }>
  readonly sendEvent: (room: string, type: string, content: object) => Promise<{ readonly event_id: string }>
  readonly redactEvent: (room: string, event: string) => Promise<unknown>
  readonly sendTyping: (room: string, isTyping: boolean, ms: number) => Promise<unknown>
  readonly setRoomReadMarkers: (room: string, event: string, receipt?: JsEvent) => Promise<unknown>
}

/** Somebody who uses another client, at a server. */
export interface JsPerson {
  readonly client: JsClient
  readonly userId: string
  /** Resolves with the event of a room's timeline that fits, whether it came already or comes later. */
  readonly saw: (fits: (event: JsEvent) => boolean) => Promise<JsEvent>
  readonly invited: () => Promise<string>
}

export async function jsPerson(url: string, user: string, password: string): Promise<JsPerson> {
  const { logger } = await import(FILE.replace('index.js', 'logger.js'))
  logger.setLevel('silent', false)
  const { createClient } = await import(FILE)
  const signingIn: JsClient = createClient({ baseUrl: url, logger: QUIET })
  const signedIn = await signingIn.login('m.login.password', { identifier: { type: 'm.id.user', user }, password })
  const { user_id: userId, access_token: accessToken, device_id: deviceId } = signedIn
  const client: JsClient = createClient({ baseUrl: url, accessToken, userId, deviceId, logger: QUIET })
  const seen: JsEvent[] = []
  const waiting = new Set<() => void>()
  const invitations = Promise.withResolvers<string>()
  client.on('Room.timeline', (event) => {
    // As the library's own declaration has it.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    seen.push(event as JsEvent)
    for (const wake of waiting) wake()
  })
  client.on('Room.myMembership', (room, membership) => {
    const { roomId }: { roomId?: unknown } = Object(room)
    if (membership === 'invite') invitations.resolve(String(roomId))
  })
  await client.startClient({ initialSyncLimit: 5 })
  return {
    client,
    userId,
    invited: () => invitations.promise,
    saw: (fits) =>
      new Promise((resolve) => {
        const look = () => {
          const found = seen.find(fits)
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
  }
}

const nothing = () => {}
const QUIET = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing, getChild: () => QUIET }
