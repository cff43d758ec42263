import { reasonOf } from '../../../shared/device/refused.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Device } from '../../../shared/device/device.ts'
import type { Availability, Command, Uri } from '../../../shared/rules/messaging.ts'
import { became, changed, groupBegun, opened, reading, said, type Model } from '../model/model.ts'
import type { Talk } from '../model/talk.ts'
import type { Posting } from './posting.ts'

/** What a user does in conversations and with contacts. What is refused is complained of, never thrown. */
export interface Actions {
  open(uri: Uri): void
  read(talk: string | undefined): void
  say(talk: string, text: string): void
  /** Says again what failed, or what may have failed. */
  sayAgain(entry: string): void
  drop(entry: string): void
  draft(talk: string, text: string): void
  typing(talk: string, typing: boolean): void
  beginGroup(members: readonly Uri[], subject: string, text: string): void
  leave(talk: string): void
  mute(talk: string, muted: boolean): void
  become(availability: Availability): void
  ask(command: Command): void
}

export interface ActionsOptions {
  readonly phone: Pick<Device, 'send'>
  readonly clock: Clock
  readonly model: () => Model
  readonly update: (change: (model: Model) => Model) => void
  readonly post: Pick<Posting, 'goOn'>
  readonly isOnline: () => boolean
  readonly newId: () => string
  readonly complain: (reason: string) => void
}

export function actions(options: ActionsOptions): Actions {
  const { phone, clock, model, update, post, isOnline, newId, complain } = options

  function ask(command: Command): void {
    phone.send(command).catch((thrown: unknown) => complain(reasonOf(thrown)))
  }

  const liveOf = (id: string) => model().talks.find((talk) => talk.id === id)?.live
  const newEntry = (text: string) =>
    ({ kind: 'own', id: newId(), at: clock.now(), text, own: { state: 'waiting' } }) as const

  function then(change: (model: Model) => Model): void {
    update(change)
    post.goOn()
  }

  return {
    open: (uri) => update((model) => opened(model, uri)),
    read: (talk) => update((model) => reading(model, talk)),
    say: (talk, text) => then((model) => said(model, talk, newEntry(text))),
    sayAgain: (entry) => then((model) => became(model, entry, { state: 'waiting' })),
    drop: (entry) => update((model) => without(model, entry)),
    draft: (talk, text) => update((model) => changed(model, talk, (before) => ({ ...before, draft: text }))),
    typing(talk, typing) {
      const live = liveOf(talk)
      // A notice that waited for coverage would come too late.
      if (!isOnline() || live?.state !== 'connected' || live.conversation === undefined) return
      phone.send({ kind: 'typing', conversation: live.conversation, typing }).catch(() => {})
    },
    beginGroup(members, subject, text) {
      const id = `group:${newId()}`
      const group = { id, members, ...(subject !== '' && { subject }) }
      then((model) => said(groupBegun(model, group), id, newEntry(text)))
    },
    leave(talk) {
      const conversation = liveOf(talk)?.conversation
      if (conversation !== undefined) ask({ kind: 'leave', conversation })
    },
    mute: (talk, muted) => update((model) => changed(model, talk, (before) => withMuted(before, muted))),
    become: (availability) => ask({ kind: 'presence', availability }),
    ask,
  }
}

function withMuted({ muted: _before, ...talk }: Talk, muted: boolean): Talk {
  return muted ? { ...talk, muted } : talk
}

function without(model: Model, entry: string): Model {
  const talks = model.talks.map((talk) => ({ ...talk, entries: talk.entries.filter(({ id }) => id !== entry) }))
  return { ...model, talks }
}
