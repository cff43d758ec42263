import { describe, expect, it, onTestFinished } from 'vitest'
import { LOGIN_BURST } from '../../shared/rules/pace.ts'
import type { Settings } from '../../shared/rules/settings.ts'
import { shardKey, type SeatItem } from '../../shared/store/seats/seat-item.ts'
import { parseServiceFrame, type ServiceFrame } from '../../shared/wire/frames.ts'
import { unseal } from '../../shared/wire/seal.ts'
import { rawDevice } from '../kit/raw-device.ts'
import { services, type Service } from '../kit/service.ts'
import { keptTable } from '../kit/tables.ts'

const service = services()

/** Who is too eager is another story. */
const PATIENT: Partial<Settings> = { loginsPerHour: 1_000_000, wrongPasswords: 1_000 }

interface Outcome {
  readonly number: number
  readonly answer: ServiceFrame
  readonly over: Socket
}

/** A socket of Ann's phone. What comes over it is kept, and waited for. */
async function socket({ url, keys }: Service) {
  const raw = await rawDevice(url, 'ann-phone', keys.ann)
  onTestFinished(() => raw.socket.close())
  const came: { readonly number: number; readonly frame: ServiceFrame }[] = []
  return {
    raw,
    async until(isIt: (frame: ServiceFrame, number: number) => boolean): Promise<ServiceFrame> {
      for (;;) {
        const found = came.find(({ frame, number }) => isIt(frame, number))
        if (found !== undefined) return found.frame
        const message = await raw.message()
        const { frame }: { frame?: string } = JSON.parse(message)
        if (frame === undefined) throw new Error(`the gateway says: ${message}`)
        const { text, number } = await unseal(frame, { device: 'ann-phone', direction: 'down' }, keys.ann)
        came.push({ number, frame: parseServiceFrame(text) })
      }
    },
  }
}

type Socket = Awaited<ReturnType<typeof socket>>

/** So many logins of Ann's phone over so many sockets, all sent before one is answered. */
async function logins(running: Service, count: number, over: number): Promise<Outcome[]> {
  const { person } = running.ann
  const sockets = await Promise.all(Array.from({ length: over }, () => socket(running)))
  const first = Date.now()
  const frame = { type: 'login', user: person.login, password: person.password }
  const sent = Array.from({ length: count }, async (_, index) => {
    const [number, on] = [first + index, sockets[index % over]]
    on?.raw.send(await on.raw.sealed('login', frame, number))
    return { number, on }
  })
  const outcomes: Outcome[] = []
  for (const { number, on } of await Promise.all(sent)) {
    if (on !== undefined)
      outcomes.push({ number, over: on, answer: await on.until((_, answers) => answers === number) })
  }
  return outcomes
}

const seatsOf = async (running: Service) =>
  (await keptTable(running).query<SeatItem>(shardKey(0), { consistent: true })).filter(({ d }) => d === 'ann-phone')

/** The one that has the session; of the others each was refused, or got a frame that says "replaced". */
async function theOneOf(outcomes: readonly Outcome[], running: Service): Promise<Outcome> {
  const accepted = outcomes.filter(({ answer }) => answer.type === 'accepted')
  const last = accepted.reduce((one, other) => (other.number > one.number ? other : one))
  for (const { over, answer } of accepted) {
    if (answer.type !== 'accepted' || answer === last.answer) continue
    const ended = await over.until((frame) => frame.type === 'ended' && frame.session === answer.session)
    expect(ended).toMatchObject({ code: 'replaced', next: 'login' })
  }
  const session = last.answer.type === 'accepted' ? last.answer.session : ''
  expect(await seatsOf(running)).toMatchObject([{ s: session.replace(/^\d+-/, '') }])
  expect(running.cwa.control.sessions().filter(({ uri }) => uri === 'sip:ann@contoso.test')).toHaveLength(1)
  return last
}

/*
 * The pace lets ten through in the same moment at most, whatever is set: on a fast machine it stops some of 64. Those had no
 * part in the race, and must not have won it.
 */
const isInRace = ({ answer }: Outcome) => answer.type !== 'refused' || answer.code !== 'too-many'

const codes = (outcomes: readonly Outcome[]) =>
  new Set(outcomes.flatMap(({ answer }) => (answer.type === 'refused' ? [answer.code] : [])))

function isInvited(frame: ServiceFrame): boolean {
  const events = frame.type === 'events' ? frame.batches.flatMap((batch) => batch.events) : []
  return events.some((event) => event.kind === 'invitation' && event.text === 'Which of you?')
}

describe('logins of one device at once', () => {
  it('leave one session of 64, that of the highest number, which gets what is written to the user', async () => {
    const running = await service({ settings: PATIENT, lambda: { environments: 8 } })
    const { bob } = running
    await bob.device.login(bob.person.login, bob.person.password)

    const outcomes = (await logins(running, 64, 8)).filter(isInRace)

    expect(outcomes.length).toBeGreaterThanOrEqual(LOGIN_BURST)
    const one = await theOneOf(outcomes, running)
    expect(one.number).toBe(Math.max(...outcomes.map(({ number }) => number)))
    for (const code of codes(outcomes)) expect(['replaced', 'replayed', 'session-gone']).toContain(code)
    await bob.device.send({ kind: 'start', to: ['sip:ann@contoso.test'], text: 'Which of you?' })
    await one.over.until(isInvited)
  })

  it('leave one session with what is set by default, and with one seat for all', async () => {
    for (const settings of [{}, { maximumSessions: 1 }]) {
      const running = await service({ settings })
      for (let rounds = 0; rounds < 3; rounds += 1) {
        const outcomes = await logins(running, 2, 1)
        const one = await theOneOf(outcomes, running)
        expect(one.number).toBe(Math.max(...outcomes.map(({ number }) => number)))
        expect([...codes(outcomes)].filter((code) => code === 'server-busy' || code === 'failed')).toEqual([])
      }
    }
  })
})
