import type { Availability } from '../rules/messaging.ts'
import type { ClientCodec } from './codec.ts'
import { commandChannel } from './channels/command-channel.ts'
import { cookieJar } from './channels/cookies.ts'
import { dataChannel } from './channels/data-channel.ts'
import { linkTo } from './channels/link.ts'
import { warmUp } from './channels/warm-up.ts'
import type { CwaAnswer, CwaEvents, CwaMethod } from './model.ts'
import type { LegacyTls } from '../upstream/http/legacy-tls.ts'
import type { Offer } from './ntlm/iwa.ts'
import { signIn, type SignedIn } from './sign-in.ts'
import type { Unread } from '../upstream/unread.ts'
import type { Clock } from '../clock.ts'

export type { SignedIn }

export interface CwaOptions {
  /** `https://im.contoso.test`, with a port where it is not 443 (or 80). */
  readonly url: string
  readonly codec: ClientCodec
  /** PEM of the CAs to trust instead of the public ones. */
  readonly ca?: string
  /** The lowest version of TLS for a server of its time, and signatures of that time; off unless set. */
  readonly legacyTls?: LegacyTls
  /** Longest time, in milliseconds, for a command or one step of a sign-in. Default 10,000. */
  readonly deadlineMs?: number
  readonly clock?: Clock
  /** Called with the parts of an answer, or of a batch of events, that the client could not read and left out. */
  readonly onUnread?: (doing: string, unread: Unread) => void
}

/** A session upstream. `ticket` is a secret. */
export interface UpstreamSession {
  readonly sid: string
  readonly ticket: string
  /** Cookies of a load balancer, of whatever was answered last. A secret. */
  readonly cookies?: string
  /** SIP URI of the user. */
  readonly uri: string
  /** Milliseconds to wait before the first GET, within bounds (`pollWait`). */
  readonly pollWaitMs: number
}

type Place = Pick<UpstreamSession, 'sid' | 'ticket' | 'cookies'>

/** What goes with the next request: secrets that an answer may have renewed. */
export type Newest = Pick<UpstreamSession, 'ticket' | 'cookies'>

export interface PollOptions {
  /** The `ackId` of the events that came last; 0 at first. */
  readonly ackId: number
  /** Whether the user was active: the server works it into the state that others see (bb969534). */
  readonly active: boolean
  /** Aborting it rejects with its reason. */
  readonly signal?: AbortSignal
  /** Longest wait, in milliseconds, for a GET that the server holds. Default 60,000. */
  readonly holdMs?: number
}

/** The client's side of Communicator Web Access. Whatever it throws is a `CwaFault`, or the reason of an aborted signal. */
export interface CwaClient {
  /**
   * Integrated Windows Authentication first, then forms.
   * @throws SignInRefused when the server takes the user by neither
   */
  readonly signIn: (user: string, password: string) => Promise<SignedIn>
  readonly initiateSession: (
    signedIn: Pick<SignedIn, 'ticket' | 'cookies' | 'signInData' | 'uri'>,
    options?: { readonly availability?: Availability },
  ) => Promise<UpstreamSession>
  /**
   * Posts methods, all in one request. What the server says of each (accepted, failed, invalid, rejected) is returned;
   * a fault of the session or of the server is thrown, and so is an answer that says nothing of a method. `ticket` and
   * `cookies` are the newest ones.
   */
  readonly command: (
    session: Place,
    methods: readonly CwaMethod[],
  ) => Promise<{ readonly answers: readonly CwaAnswer[] } & Newest>
  /**
   * One GET of the data channel: its events, each `eid` once and in their order. Before the next one `pollWaitTime` must
   * pass (`pollWait` bounds it). `ackId` is the server's own, whatever it is, for the next GET. `ticket` is the newest one.
   */
  readonly poll: (session: Place, options: PollOptions) => Promise<CwaEvents & Newest>
  /** Ends the session; that it is gone already is no fault. */
  readonly terminateSession: (session: Place) => Promise<void>
  /** Does once what a first command does, and opens a connection to the server, over which nothing is asked. */
  readonly warmUp?: () => Promise<void>
  /** Closes all connections. What is under way fails. */
  readonly close: () => void
}

/** @throws TypeError when `url` is no http or https URL */
export function cwaClient(options: CwaOptions): CwaClient {
  const link = linkTo(options)
  const { url, http, codec, clock, deadlineMs, onUnread } = link
  const offer: Offer = { scheme: undefined }
  return {
    async signIn(user, password) {
      const jar = cookieJar(url, clock.now)
      return signIn({ transport: http, codec, deadlineMs, clock, onUnread, jar, offer }, user, password)
    },
    ...commandChannel(link),
    poll: dataChannel(link),
    async warmUp() {
      const opened = http.open()
      warmUp(codec)
      await opened
    },
    close: http.close,
  }
}
