import type { Availability, Uri } from '../../shared/rules/messaging.ts'
import { actAmongSeveral, isAmongSeveral } from './acting-among-several.ts'
import { actOnList, isOfList } from './acting-on-list.ts'
import { userPart, type Intention } from './commands.ts'
import type { ChatContext } from './context.ts'
import { groupLines, helpLines, whoLines } from './screen/listing.ts'
import type { Person } from './people/roster.ts'
import { note, said } from './screen/lines.ts'
import { loginFailure } from './screen/view.ts'
import { isBeyondServer } from './topics.ts'

/** Carries out what a line means. What does not work is printed, never thrown. */
export function act(wanted: Intention, context: ChatContext): void {
  const { device, known, address, paint, print, warn, quit } = context
  if (isAmongSeveral(wanted)) return actAmongSeveral(wanted, context)
  if (isOfList(wanted)) return actOnList(wanted, context)
  switch (wanted.kind) {
    case 'nothing':
      return
    case 'say':
      return say(address.addressee(), wanted.text, context)
    case 'message':
      return say(address.someone(wanted.name), wanted.text, context)
    case 'to':
      return to(wanted.name, context)
    case 'who':
      return who(wanted.group, context)
    case 'groups':
      return print(...groupLines(known.contacts(), known.groups(), paint))
    case 'accept':
      return accept(wanted.name, context)
    case 'leave':
      return leave(wanted.name, context)
    case 'presence':
      return void become(wanted.availability, context)
    case 'note':
      return publish(wanted.note, context)
    case 'drop':
      return drop(context)
    case 'resume':
      return void resume(context)
    case 'help':
      return print(...helpLines(wanted.about, device.capabilities))
    case 'quit':
      return quit()
    case 'unclear':
      return warn(wanted.why)
    default:
      return wanted satisfies never
  }
}

function say(
  uri: Uri | undefined,
  text: string,
  { device, known, address, words, paint, clock, print, warn }: ChatContext,
): void {
  if (uri === undefined) return
  if (device.uri === undefined) return warn('there is no session: /resume logs in again')
  const own = userPart(device.uri)
  const speaker = uri === address.current ? own : `${own} to ${known.nameOf(uri)}`
  print(...said(speaker, text, 'bold', { paint, now: clock.now() }))
  words.say(uri, text)
}

function who(group: string | undefined, { known, unread, paint, print, warn }: ChatContext): void {
  const isIn = ({ groups }: Person) => groups.some((each) => each.toLowerCase() === group?.toLowerCase())
  const people = group === undefined ? known.contacts() : known.contacts().filter(isIn)
  if (group !== undefined && people.length === 0) return warn(`no contact is in "${group}": /groups lists the groups`)
  print(...whoLines(people, paint, (uri) => unread.count(uri)))
}

function to(name: string, { address }: ChatContext): void {
  const uri = address.someone(name)
  if (uri !== undefined) address.to(uri)
}

function accept(name: string | undefined, { address, words }: ChatContext): void {
  const talk = address.talk(name)
  if (talk === undefined) return
  address.to(talk.uri)
  words.accept(talk)
}

function leave(name: string | undefined, { address, words }: ChatContext): void {
  const talk = address.talk(name)
  if (talk !== undefined) words.leave(talk)
}

async function become(availability: Availability, { words, became }: ChatContext): Promise<void> {
  if (await words.ask({ kind: 'presence', availability })) became(availability)
}

function publish(note: string, context: ChatContext): void {
  if (!isBeyondServer('note', context)) void context.words.ask({ kind: 'note', note })
}

function drop({ device, paint, print, warn }: ChatContext): void {
  if (device.session === undefined) return warn('there is no session: /resume logs in again')
  device.close()
  print(note('out of coverage: the session stays, and what you write waits. /resume brings you back', { paint }))
}

async function resume({ device, logIn, paint, print }: ChatContext): Promise<void> {
  if (device.state === 'online') return print(note('you are in coverage', { paint }))
  // The events say how that goes.
  if (device.session !== undefined) return void (await device.resume().catch(() => {}))
  try {
    await logIn()
  } catch (thrown) {
    print(...loginFailure(thrown, { paint }))
  }
}
