import { Refused } from '../../../../shared/device/refused.ts'
import type { Clock } from '../../../../shared/clock.ts'
import type { ImEvent } from '../../../../shared/rules/messaging.ts'
import type { ServiceFrame } from '../../../../shared/wire/frames.ts'
import { ok, warning, wrong, type Check, type Finding } from '../check.ts'
import { connected, refusedWithoutToken } from './connect.ts'
import { trialDevice } from './device.ts'
import { trialLine, type TrialLine } from './line.ts'

/** How long an event may take from the server upstream to the device, in milliseconds. */
const EVENT_MS = 20_000
/** How long after the answer to the next frame a message without text may still come, in milliseconds. */
const STRAY_MS = 2_000

type Accepted = Extract<ServiceFrame, { type: 'accepted' }>

/**
 * A session as a device holds one, from the connection to the log-out, by a device that is made for it and removed after
 * it. It takes a seat, as any login does, and the user is online meanwhile.
 *
 * This settles what no local stack can: the HTTP status that this account's API Gateway gives at connect, and whether a
 * route without a response brings a device no message at all, as AWS's documents have it. (That an empty body over a
 * two-way route reaches devices as a message was reported; no frame of the service depends on it any more.)
 */
export function trialCheck(user: string, password: string): Check {
  return {
    looksAt: `a session of ${user}`,
    async findings(context) {
      const device = await trialDevice(context, user)
      const found: Finding[] = []
      try {
        for (const step of [refusedWithoutToken, connected]) found.push(await step(context, device))
        if (found.every(({ state }) => state !== 'wrong')) {
          const line = trialLine(device, context)
          found.push(...(await session(line, user, password, context.clock).finally(() => line.close())))
        }
      } finally {
        await device.remove()
      }
      return [...found, ok('device of the trial', `${device.id} is removed`)]
    },
  }
}

async function session(line: TrialLine, user: string, password: string, clock: Clock): Promise<Finding[]> {
  const found: Finding[] = []
  try {
    await line.opened
    const began = clock.now()
    const accepted = await line.ask({ type: 'login', user, password })
    if (accepted.type !== 'accepted') throw new TypeError(`the service answers a login with "${accepted.type}"`)
    found.push(ok('login', `accepted within ${clock.now() - began} ms: ${accepted.steps.join('; ')}`))
    found.push(order(accepted.steps))
    for (const step of [unanswered, toItself, logOut]) found.push(await step(line, accepted, clock))
  } catch (thrown) {
    found.push(failure(thrown, found.length === 0 ? 'login' : 'session'))
  }
  return found
}

/** The source document's order: the maximum, the permission, Integrated Windows Authentication, forms. */
const ORDER = [/^maximum: /, /^permission: /, /^Integrated Windows Authentication: /, /^forms: /]

function order(steps: readonly string[]): Finding {
  const places = steps.map((step) => ORDER.findIndex((expected) => expected.test(step)))
  const isInOrder = places.every((place, at) => place >= 0 && place >= (places[at - 1] ?? 0))
  if (isInOrder) return ok('order of the checks', 'the maximum, the permission, then the sign-in')
  const todo = 'deploy the stack as it is in the repository'
  return wrong('order of the checks', `it is another one: ${steps.join('; ')}`, todo)
}

/** A sign of life that wants no answer, and one that does, as a barrier after it. */
async function unanswered(line: TrialLine, { session }: Accepted, clock: Clock): Promise<Finding> {
  const check = 'sign of life without an answer'
  const status = { type: 'status', session, active: true } as const
  const before = line.empty()
  const began = clock.now()
  // It resolves once no refusal came in time, which is long after this.
  line.ask({ ...status, ack: line.acked(), answer: false }).catch(() => {})
  await line.ask({ ...status, ack: line.acked(), answer: true })
  const tookMs = clock.now() - began
  await new Promise<void>((resolve) => clock.after(STRAY_MS, resolve))
  const came = line.empty() - before
  if (came === 0)
    return ok(
      check,
      `brings no message, for its route has no response; one that wants an answer has it within ${tookMs} ms`,
    )
  const todo =
    'nothing is lost, but API Gateway bills each as a message: has the route status a response (aws apigatewayv2 ' +
    'get-route-responses)? The stack gives it none: deploy it as it is in the repository'
  return warning(check, `brings ${came} empty message${came === 1 ? '' : 's'}`, todo)
}

/** By way of the server upstream and upkeep. A server on which users cannot write to themselves is no fault. */
async function toItself(line: TrialLine, { session, uri }: Accepted, clock: Clock): Promise<Finding> {
  const check = 'message to itself'
  const began = clock.now()
  const command = { kind: 'start', to: [uri], text: 'A trial by doctor' } as const
  try {
    await line.ask({ type: 'send', session, number: 1, ack: line.acked(), command })
  } catch (thrown) {
    if (!(thrown instanceof Refused) || thrown.code !== 'upstream-refused') throw thrown
    return ok(check, `cannot be tried, the server upstream refuses it: ${thrown.message}`)
  }
  const sentMs = clock.now() - began
  const event = await line.happened(isOfTheMessage, EVENT_MS)
  if (event === undefined) {
    const todo = 'look at the log of the function upkeep: does it listen, and do its posts to @connections arrive?'
    return wrong(check, `the server upstream took it, and no event of it came within ${EVENT_MS / 1_000} s`, todo)
  }
  return ok(
    check,
    `the server upstream took it within ${sentMs} ms; its first event, ${event.kind}, came after ${clock.now() - began} ms`,
  )
}

const OF_A_MESSAGE = new Set<ImEvent['kind']>([
  'invitation',
  'message',
  'conversation',
  'delivered',
  'not-delivered',
  'failed',
])

function isOfTheMessage({ kind }: ImEvent): boolean {
  return OF_A_MESSAGE.has(kind)
}

async function logOut(line: TrialLine, { session }: Accepted, clock: Clock): Promise<Finding> {
  const began = clock.now()
  await line.ask({ type: 'logout', session })
  return ok('log-out', `answered within ${clock.now() - began} ms`)
}

function failure(thrown: unknown, check: string): Finding {
  if (thrown instanceof Refused) return wrong(check, `refused (${thrown.code}): ${thrown.message}`, NEXT[thrown.next])
  const says = thrown instanceof Error ? thrown.message : String(thrown)
  return wrong(check, says, "look at the functions' logs, and at the access log of the stage")
}

const NEXT = {
  fix: 'this program and the service are not of one version: use the repository that was deployed',
  'ask-user': 'check the name, the password and users list',
  login: 'an administrator, or another login, ended the session: try again',
  retry: 'wait a moment and try again; if it stays so, look at the log of the function that refused',
} as const
