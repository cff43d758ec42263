import { cwaUpstream } from '../../shared/cwa/upstream.ts'
import { onTestFinished } from 'vitest'
import { listenTo, type SessionListenerParts } from '../../functions/listening/session-listener.ts'
import { turns } from '../../functions/listening/pacing.ts'
import { lambdaClock } from '../../functions/listening/pause.ts'
import { cwaClient } from '../../shared/cwa/client.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import type { CwaEvent, CwaEvents } from '../../shared/cwa/model.ts'
import type { Clock } from '../../shared/clock.ts'
import { unmeasured } from '../../shared/rules/measures.ts'
import type { ImEvent } from '../../shared/rules/messaging.ts'
import type { Open } from '../../shared/rules/seat.ts'
import { configuration } from '../../shared/store/configuration/configuration.ts'
import { configurationWriter } from '../../shared/store/configuration/configuration-writer.ts'
import { mailbox } from '../../shared/store/mailbox.ts'
import { seats } from '../../shared/store/seats/seats.ts'
import { sessions } from '../../shared/store/sessions.ts'
import { database } from '../kit/database.ts'
import { testVault } from '../kit/vault.ts'
import { scriptedServer, type Reply } from './scripted-server.ts'

export const SESSION = '0-AAAAAAAAAAAAAAAA'
const KNOWN = { session: SESSION, device: 'ann-phone', user: 'CONTOSO\\ann', uri: 'sip:ann@contoso.test', openedAt: 0 }
/** No device to post to: the test reads the mailbox. */
const SEAT: Open = {
  state: 'open',
  number: 0,
  session: SESSION,
  device: 'ann-phone',
  user: 'CONTOSO\\ann',
  coverage: 'out',
  connection: 'none',
  lastHeardAt: 0,
  heard: 0,
  acked: 0,
  active: true,
  sent: 0,
}

export const done = (eid: number): CwaEvent => ({ event: 'requestSucceeded', eid, rid: String(eid) })
export const bringing = (events: CwaEvents): Reply => ({ body: jsonCodec.printEvents({ pollWaitTime: 0, ...events }) })

/** A listener on a session, upstream a server that answers each GET as a test says; the last one it holds. */
export async function listening(answers: readonly ((ackId: number, ticket: string) => Reply | Promise<Reply>)[]) {
  const held = Promise.withResolvers<number>()
  const asked: number[] = []
  const server = await scriptedServer(({ path, headers }, response) => {
    const ackId = Number(new URLSearchParams(path.split('?')[1]).get('AckID'))
    const answer = answers[asked.length]
    asked.push(ackId)
    if (answer === undefined) held.resolve(ackId)
    else
      void Promise.resolve(answer(ackId, String(headers['cwa-ticket']))).then(({ status = 200, headers, body }) =>
        response.writeHead(status, headers).end(body),
      )
    return undefined
  })
  return { ...(await listener(server.url)), asked, untilHeld: held.promise }
}

/** A listener on a session that is open upstream, at a server that a test scripts. It stops with the test. */
export async function listener(url: string, clock: Clock = lambdaClock, random: () => number = Math.random) {
  const { items } = await database()
  const vault = testVault()
  const stores = { seats: seats(items), sessions: sessions(items, vault), mailbox: mailbox(items) }
  const cursor = { seq: 0, upstream: '5.5' }
  await stores.sessions.open({ ...KNOWN, state: { public: '42', secret: 'first' }, cursor }, Date.now())
  await configurationWriter(items, vault).putDevice(KNOWN.device, { state: 'active' })
  const cwa = cwaClient({ url, codec: jsonCodec, clock })
  onTestFinished(cwa.close)
  const parts: SessionListenerParts = {
    ...stores,
    upstream: cwaUpstream(cwa),
    clock,
    wake: async () => {},
    configuration: configuration(items, vault),
    push: async () => false,
    random,
    measure: unmeasured,
  }
  const following = listenTo(SEAT, parts, turns(clock))
  onTestFinished(following.stop)
  const numbers = async (): Promise<number[]> => {
    const mail = await stores.mailbox.after(SESSION, 0)
    return mail.flatMap(({ events }) =>
      events.flatMap((event: ImEvent) => (event.kind === 'done' ? [event.number] : [])),
    )
  }
  return { ...stores, following, numbers, ended: following.ended }
}
