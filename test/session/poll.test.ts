import { unmeasured } from '../../shared/rules/measures.ts'
import { describe, expect, it } from 'vitest'
import { poll } from '../../functions/session/poll.ts'
import type { Mail } from '../../shared/rules/batches.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import { grouping } from '../../shared/rules/listener-group.ts'
import { mailbox as mailboxOf } from '../../shared/store/mailbox.ts'
import { seats as seatsOf } from '../../shared/store/seats/seats.ts'
import { sessions as sessionsOf } from '../../shared/store/sessions.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { database } from '../kit/database.ts'
import { testVault } from '../kit/vault.ts'
import { anOpen, aSigningIn, NOW } from '../rules/sample-seats.ts'

const SEAT = anOpen({ acked: 2 })
const { session, device, user, connection } = SEAT

const said = (seq: number): Mail => ({
  seq,
  upstream: `${seq}.${seq}`,
  events: [{ kind: 'message', conversation: '1', from: 'sip:bob@contoso.test', text: `message ${seq}` }],
})
const batch = (seq: number) => ({ seq, events: said(seq).events })

type Sessions = ReturnType<typeof sessionsOf>

/** A session whose batches 1 and 2 came with the login. */
async function loggedIn(through: (sessions: Sessions) => Sessions = (sessions) => sessions) {
  const { items } = await database()
  const sessions = sessionsOf(items, testVault())
  const [seats, mailbox] = [seatsOf(items), mailboxOf(items)]
  await seats.take(aSigningIn({ session, device }), NOW)
  await seats.open(SEAT)
  const cursor = { seq: 2, upstream: '2.2' }
  await sessions.open(
    { session, device, user, uri: 'sip:a@c', openedAt: NOW, state: { public: '1', secret: 't' }, cursor },
    NOW,
  )
  const story = poll({
    seats,
    sessions: through(sessions),
    mailbox,
    listenerGroups: listenerGroups(items),
    measure: unmeasured,
    grouping: grouping(300),
  })
  let number = SEAT.heard
  return {
    items,
    sessions,
    mailbox,
    deletes: (seq: number) => items.remove({ pk: `MAIL#${session}`, sk: String(seq).padStart(10, '0') }),
    poll: (after: number) =>
      story({ frame: { type: 'poll', session, after }, number: (number += 1), device, connection, now: NOW }),
  }
}

describe('a poll', () => {
  it('after the last batch there is brings nothing, and nothing is lost', async () => {
    const { poll, mailbox } = await loggedIn()
    expect(await poll(2)).toMatchObject({ batches: [], more: false, recovered: true })
    for (const seq of [3, 4]) await mailbox.append(session, said(seq), NOW)
    expect(await poll(2)).toMatchObject({ batches: [batch(3), batch(4)], recovered: true })
    expect(await poll(4)).toMatchObject({ batches: [], recovered: true })
  })

  it('gets one lost batch for what came with the login and is not kept', async () => {
    const { poll, mailbox } = await loggedIn()
    expect(await poll(0)).toMatchObject({ batches: [{ first: 1, seq: 2, events: [] }], recovered: false })
    await mailbox.append(session, said(3), NOW)
    expect(await poll(0)).toMatchObject({ batches: [{ first: 1, seq: 2, events: [] }, batch(3)], recovered: false })
  })

  it('hears what is lost where mail has expired: some of it, in whatever order, or all', async () => {
    const { poll, mailbox, deletes, sessions } = await loggedIn()
    for (const seq of [3, 4, 5, 6]) await mailbox.append(session, said(seq), NOW)
    await deletes(4)
    expect(await poll(2)).toMatchObject({
      batches: [{ first: 3, seq: 4, events: [] }, batch(5), batch(6)],
      recovered: false,
    })
    expect(await poll(4)).toMatchObject({ batches: [batch(5), batch(6)], recovered: true })
    await sessions.keep({ session, cursor: { seq: 6, upstream: '6.6' } }, NOW)
    for (const seq of [3, 5, 6]) await deletes(seq)
    expect(await poll(2)).toMatchObject({ batches: [{ first: 3, seq: 6, events: [] }], recovered: false })
    expect(await poll(6)).toMatchObject({ batches: [], recovered: true })
  })

  it('is answered in two where something between was lost upstream: a frame says so of its first batch', async () => {
    const { poll, mailbox } = await loggedIn()
    await mailbox.append(session, said(3), NOW)
    await mailbox.append(session, { seq: 4, upstream: '4.4', events: [], cut: true }, NOW)
    await mailbox.append(session, said(5), NOW)
    expect(await poll(2)).toMatchObject({ batches: [batch(3)], more: true, recovered: true })
    expect(await poll(3)).toMatchObject({ batches: [{ seq: 4, events: [] }, batch(5)], more: false, recovered: false })
  })

  it.each([3, 1_000, Number.MAX_SAFE_INTEGER])('after batch %i, which there is not, is refused', async (after) => {
    const { poll } = await loggedIn()
    const why = `after: this session has no batch ${after}, its last is 2: log in again`
    await expect(poll(after)).rejects.toEqual(new Refusal('session-gone', { reason: why }))
    // The number of a frame that is refused counts; what it said of the session does not stay.
    expect(await poll(2)).toMatchObject({ batches: [], recovered: true })
  })

  it('is refused where the session is not kept any more, and its seat still is', async () => {
    const { poll, sessions } = await loggedIn()
    await sessions.remove(session)
    await expect(poll(2)).rejects.toEqual(new Refusal('session-gone'))
  })

  it('gets a batch that is kept while it looks, and does not take it for lost', async () => {
    const { poll, mailbox, sessions } = await loggedIn((sessions) => ({
      ...sessions,
      // Between the look at the mailbox and this one, a listener appends, and is handed over.
      async read(...asked) {
        await mailbox.append(session, said(3), NOW)
        await sessions.keep({ session, cursor: said(3) }, NOW)
        return sessions.read(...asked)
      },
    }))
    expect(await poll(2)).toMatchObject({ batches: [batch(3)], recovered: true })
    expect((await sessions.read(session))?.cursor.seq).toBe(3)
  })
})
