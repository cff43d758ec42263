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
  readonly setAccountData: (type: string, content: object) => Promise<unknown>
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
  /** Resolves when this user is shown to type, or not to, whether it is so or comes later. */
  readonly sawTyping: (userId: string, isTyping: boolean) => Promise<void>
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
  const typing = new Set<string>()
  const waiting = new Set<() => void>()
  const wakeAll = () => {
    for (const wake of waiting) wake()
  }
  /** Looks now, and whenever something came. */
  const until = <T>(found: () => T | undefined) =>
    new Promise<T>((resolve) => {
      const look = () => {
        const value = found()
        if (value === undefined) return
        waiting.delete(look)
        resolve(value)
      }
      waiting.add(look)
      look()
    })
  const invitations = Promise.withResolvers<string>()
  client.on('Room.timeline', (event) => {
    // As the library's own declaration has it.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    seen.push(event as JsEvent)
    wakeAll()
  })
  client.on('RoomMember.typing', (_event, member) => {
    const is: { userId?: unknown; typing?: unknown } = Object(member)
    if (is.typing === true) typing.add(String(is.userId))
    else typing.delete(String(is.userId))
    wakeAll()
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
    saw: (fits) => until(() => seen.find(fits)),
    sawTyping: async (who, isTyping) => void (await until(() => typing.has(who) === isTyping || undefined)),
  }
}

const nothing = () => {}
const QUIET = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing, getChild: () => QUIET }
