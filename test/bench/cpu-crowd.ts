import type { LambdaLogLine, Report } from '../../infra/aws/lambda/log.ts'
import { device, type Device } from '../../shared/device/device.ts'
import { audienceOf, deviceToken } from '../../shared/wire/token.ts'
import { rawDevice } from '../kit/raw-device.ts'
import { crowd, functionNamed, type Crowd, type Member } from './crowd.ts'

/** Two who talk with each other, and what Lambda reported of each run since `reports` was asked last. */
export interface CpuCrowd extends Crowd {
  readonly ann: Talking
  readonly bob: Talking
  /** The next of those who only connect: no environment has read their devices before. */
  readonly stranger: () => Member
  /** Of the runs of a function that ended since the last call. */
  readonly reports: (name: string) => readonly Report[]
  /** Resolves with the next report of a function. */
  readonly reported: (name: string) => Promise<void>
}

export interface Talking extends Member {
  readonly device: Device
  readonly enter: () => Promise<void>
}

/** A local stack with one environment a function, so that each run is of the environment that ran before. */
export async function cpuCrowd(strangers: number): Promise<CpuCrowd> {
  const reported = new Map<string, Report[]>()
  const waiting = new Map<string, () => void>()
  const log = ({ functionName, report }: LambdaLogLine) => {
    if (report === undefined) return
    const own = reported.get(functionName) ?? []
    own.push(report)
    reported.set(functionName, own)
    waiting.get(functionName)?.()
  }
  const own = await crowd({ count: 2 + strangers, ticks: false, lambda: { log, environments: 1, idleMs: 600_000 } })
  const strange = own.members.values()
  const stranger = (): Member => {
    const { value } = strange.next()
    if (value === undefined) throw new Error('cpu: there are not so many members')
    return value
  }
  const talking = (): Talking => {
    const member = stranger()
    const { person, transportKey } = member
    const line = device({ url: own.running.url, device: person.device, transportKey })
    return { ...member, device: line, enter: async () => void (await line.login(person.login, person.password)) }
  }
  const [ann, bob] = [talking(), talking()]
  return {
    ...own,
    ann,
    bob,
    stranger,
    reports(name) {
      const functionName = functionNamed(own.running, name)
      const found = reported.get(functionName) ?? []
      reported.delete(functionName)
      return found
    },
    async reported(name) {
      await new Promise<void>((resolve) => waiting.set(functionNamed(own.running, name), resolve))
    },
    async stop() {
      for (const each of [ann, bob]) each.device.close()
      await own.stop()
    },
  }
}

/** Opens a connection of that device, and closes it. */
export async function connected({ running: { url } }: Crowd, { person, transportKey }: Member): Promise<void> {
  const token = await deviceToken({ device: person.device, audience: audienceOf(url) }, transportKey, Date.now())
  const socket = new WebSocket(`${url}?token=${token}`)
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
  socket.close()
}

/** Has a message come for somebody, and resolves when the device shows it and the next GET is held. */
export async function eventFor({ running }: Crowd, { uri, device: own }: Talking): Promise<void> {
  const shown = Promise.withResolvers<void>()
  const stop = own.on((event) => event.kind === 'message' && shown.resolve())
  const message = { format: 'text/plain', content: 'Shall we have lunch together at noon?' }
  running.cwa.control.queueEvents(uri, [{ event: 'messageReceived', confId: 1, sender: 'sip:b@contoso.test', message }])
  await shown.promise
  stop()
  await running.cwa.control.untilListening(uri)
}

/** A conversation between the two. @returns its id, as Ann's server calls it */
export async function conversationOf({ ann, bob }: CpuCrowd): Promise<string> {
  const invited = Promise.withResolvers<string>()
  const connected = Promise.withResolvers<void>()
  const stops = [
    bob.device.on((event) => event.kind === 'invitation' && invited.resolve(event.conversation)),
    ann.device.on((event) => event.kind === 'conversation' && event.state === 'connected' && connected.resolve()),
  ]
  const { conversation = '' } = await ann.device.send({ kind: 'start', to: [bob.uri], text: 'Hello' })
  await bob.device.send({ kind: 'accept', conversation: await invited.promise })
  await connected.promise
  for (const stop of stops) stop()
  return conversation
}

/** Somebody whose device says that it is there, and asks for no answer: a heartbeat as devices give it. */
export async function heartbeats(crowd: CpuCrowd): Promise<() => Promise<void>> {
  const { person, transportKey } = crowd.stranger()
  const raw = await rawDevice(crowd.running.url, person.device, transportKey)
  let number = Date.now()
  const say = async (action: 'login' | 'status', frame: object): Promise<void> =>
    raw.send(await raw.sealed(action, { type: action, ...frame }, (number += 1)))
  await say('login', { user: person.login, password: person.password })
  const accepted = await raw.frame()
  if (accepted.type !== 'accepted') throw new Error(`cpu: the login was answered by ${accepted.type}`)
  return async () => {
    const heard = crowd.reported('status')
    await say('status', { session: accepted.session, ack: 0, active: true, answer: false })
    await heard
  }
}
