import type { Conversation } from '../../shared/rules/messaging.ts'
import { setTimeout as pause } from 'node:timers/promises'
import { device, type Device } from '../../shared/device/device.ts'
import { Refused } from '../../shared/device/refused.ts'
import type { Accepted } from '../../shared/device/session.ts'
import { wallClock } from '../../shared/clock.ts'
import type { Person } from './people.ts'
import { witness, type Witness } from './witness.ts'

/** Somebody in the story: a person, the device in their hand, and what it heard. */
export interface Character extends Witness {
  readonly name: string
  readonly person: Person
  readonly device: Device
}

export function character(person: Person, url: string, transportKey: Uint8Array): Character {
  const inHand = device({ url, device: person.device, transportKey })
  const name = person.displayName?.split(' ')[0] ?? person.user
  return { name, person, device: inHand, ...witness(name, inHand, wallClock) }
}

export interface StoryParts {
  readonly ann: Character
  readonly bob: Character
  readonly cat: Character
  /** A new step begins. */
  readonly step: (title: string) => void
  /** Something that a device itself saw. */
  readonly saw: (words: string) => void
}

/** Pause between Cat's attempts, in milliseconds, and how many she makes. */
const CAT_TRIES = { everyMs: 250, most: 40 }

/**
 * The story that the README tells, for a service whose maximum is two sessions and whose idle timeout is set. Each line
 * appears once the devices have seen it.
 *
 * @throws Error that says what a device did not see
 */
export async function tell({ ann, bob, cat, step, saw }: StoryParts): Promise<void> {
  step('Ann and Bob log in: the maximum is checked first, then the permission, then the sign-in')
  for (const who of [ann, bob]) for (const line of (await login(who)).steps) saw(`${who.name}: ${line}`)

  step('A conversation')
  const { conversation = '' } = await ann.device.send({ kind: 'start', to: [uri(bob)], text: 'Hello Bob, lunch?' })
  const invitation = await bob.saw('the invitation', 'invitation', ({ from }) => from === uri(ann))
  const first = invitation.text
  saw(`Bob is invited by ${invitation.from}${first === undefined ? '' : `: "${first}"`}`)
  await bob.device.send({ kind: 'accept', conversation: invitation.conversation })
  await Promise.all([connected(ann, conversation), connected(bob, invitation.conversation)])
  saw('both hear that they are connected')
  // A server that keeps what is said has it in the conversation, and not in the invitation.
  if (first === undefined) saw(`Bob reads "${(await reads(bob, 'Hello Bob, lunch?')).text}"`)
  await say(bob, invitation.conversation, 'Yes, at noon')
  saw(`Ann reads "${(await reads(ann, 'Yes, at noon')).text}"`)

  step('Bob walks out of coverage; Ann writes to him meanwhile')
  bob.device.close()
  await say(ann, conversation, 'I booked a table')
  saw('the service took the message for him; his session stays')

  step('Bob is back')
  const { recovered } = await bob.device.resume()
  const message = await reads(bob, 'I booked a table')
  if (!recovered) throw new Error("Bob's device heard that something was lost")
  saw(`Bob reads "${message.text}", and hears that nothing was lost`)

  step('Cat logs in, with the maximum of two reached and no session idle')
  const busy = await refusal(cat)
  if (busy?.code !== 'server-busy') throw new Error(`Cat heard ${busy?.code ?? 'yes'}, not server-busy`)
  saw(`Cat hears "${busy.message}"`)

  step('Ann switches her phone off, so that her session is idle; Cat tries again')
  ann.device.close()
  for (const line of (await admittedAtLast(cat)).steps) saw(`Cat: ${line}`)
  const gone = await ann.device.resume().catch((thrown: unknown) => thrown)
  if (!(gone instanceof Refused) || gone.next !== 'login') throw new Error('Ann did not hear that her session is gone')
  saw(`Ann, back in coverage, hears "${gone.message}", and that she is to log in again`)

  step('Everybody saw everything once')
  for (const who of [ann, bob]) everythingOnce(who)
  saw('no message was shown twice')
  await Promise.all([bob.device.logout(), cat.device.logout()])
  saw('Bob and Cat log out')
}

/** As the server upstream gave it at the login. */
function uri({ name, device }: Character): string {
  if (device.uri === undefined) throw new Error(`${name} is not logged in`)
  return device.uri
}

async function login({ device, person }: Character): Promise<Accepted> {
  return device.login(person.login, person.password)
}

async function connected({ saw }: Character, conversation: Conversation): Promise<void> {
  await saw('the connected conversation', 'conversation', (event) => {
    return event.conversation === conversation && event.state === 'connected'
  })
}

async function say({ device }: Character, conversation: Conversation, text: string): Promise<void> {
  await device.send({ kind: 'message', conversation, text })
}

async function reads({ saw }: Character, text: string) {
  return saw(`the message "${text}"`, 'message', (event) => event.text === text)
}

/** The refusal of a login, or undefined where it was accepted. */
async function refusal(who: Character): Promise<Refused | undefined> {
  try {
    await login(who)
    return undefined
  } catch (thrown) {
    if (thrown instanceof Refused) return thrown
    throw thrown
  }
}

/** Logs in again while the service says that it is busy: that a device is gone reaches it a moment later. */
async function admittedAtLast(who: Character): Promise<Accepted> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await login(who)
    } catch (thrown) {
      if (!(thrown instanceof Refused) || thrown.next !== 'retry' || tries === CAT_TRIES.most) throw thrown
      await pause(CAT_TRIES.everyMs)
    }
  }
}

function everythingOnce({ name, seen }: Character): void {
  const texts = seen.flatMap((event) => (event.kind === 'message' ? [event.text] : []))
  if (new Set(texts).size < texts.length) throw new Error(`${name} was shown a message twice: ${texts.join(' / ')}`)
}
