import type { DeviceEvent } from '../../../shared/device/event.ts'
import type { Member, Uri } from '../../../shared/rules/messaging.ts'
import { harmless } from '../../terminal/paint.ts'
import { padded, widthOf } from '../../terminal/width.ts'
import { note, said, type Scene } from './lines.ts'

/** In a conversation with several that one is not looking at, the name says where somebody speaks. */
export function speaker(from: Uri, { nameOf, talk, current }: Scene): string {
  return talk?.several && talk.uri !== current ? `${nameOf(from)} in ${nameOf(talk.uri)}` : nameOf(from)
}

export function coming({ uri, name, role }: Member, { nameOf, talk }: Scene): string {
  const where = talk === undefined ? 'the conversation' : nameOf(talk.uri)
  return harmless(`${name ?? nameOf(uri)}${role === undefined ? '' : ` (${role})`} is in ${where}`)
}

export function leaving({ uri, by }: Extract<DeviceEvent, { kind: 'left' }>, { nameOf }: Scene): string {
  return harmless(by === undefined ? `${nameOf(uri)} has left` : `${nameOf(by)} made ${nameOf(uri)} leave`)
}

export function page({ messages, before }: Extract<DeviceEvent, { kind: 'history' }>, scene: Scene): string[] {
  const { paint, now, nameOf } = scene
  const lines = messages.flatMap(({ from, name, text, at = now }) =>
    said(name ?? nameOf(from), text, 'dim', { paint, now: at }),
  )
  return [
    ...lines,
    note(before === undefined ? 'nothing was said before that' : '/history: what was said before that', scene),
  ]
}

export function found({ people, more }: Extract<DeviceEvent, { kind: 'found' }>, scene: Scene): string[] {
  if (people.length === 0) return [note('no one was found', scene)]
  const width = Math.max(...people.map(({ name }) => widthOf(harmless(name))))
  const lines = people.map(
    ({ uri, name }) => `  ${padded(harmless(name), width)}  ${scene.paint('dim', harmless(uri))}`,
  )
  return more ? [...lines, note('there are more: search for more of the name', scene)] : lines
}
