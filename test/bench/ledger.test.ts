import { describe, expect, it } from 'vitest'
import { DOWN_WITH_SESSION_MS, ledger, type Judgement, type Ledger } from './ledger.ts'

const [ANN, BOB] = ['sip:ann@contoso.test', 'sip:bob@contoso.test']
const [HERS, HIS] = ['1-hers', '2-his']

function book() {
  const own = ledger()
  const say = () => own.saying({ from: ANN, to: BOB, senderSession: HERS, receiverSession: HIS })
  const show = ({ text }: { readonly text: string }) => own.shown(ANN, BOB, text)
  /** Accepted as send `number`, and delivered, CWA says. */
  const deliver = (number: number) => {
    const said = say()
    said.accepted(number, 0)
    own.word(HERS, number, 'delivered')
    return said
  }
  return { own, say, show, deliver }
}

const wrongs = ({ lost, twice, outOfOrder, denied, down }: Judgement) => ({
  lost: lost.length,
  twice: twice.length,
  outOfOrder: outOfOrder.length,
  denied: denied.length,
  down,
})
const judged = (own: Ledger) => wrongs(own.judge())
const FINE = { lost: 0, twice: 0, outOfOrder: 0, denied: 0, down: 0 }

describe('the account of a soak', () => {
  it('finds nothing where each message is shown once and in order', () => {
    const { own, show, deliver } = book()
    for (const said of [deliver(1), deliver(2), deliver(3)]) show(said)
    expect(judged(own)).toEqual(FINE)
    expect(own.judge()).toMatchObject({ messages: 3, shown: 3 })
  })

  it('finds a message that was delivered upstream and never shown', () => {
    const { own, show, deliver } = book()
    deliver(1)
    show(deliver(2))
    expect(judged(own)).toEqual({ ...FINE, lost: 1 })
  })

  it('finds a message that was shown, and whose sender never heard of it', () => {
    const { own, say, show } = book()
    const said = say()
    said.accepted(1, 0)
    show(said)
    expect(judged(own)).toEqual({ ...FINE, lost: 1 })
  })

  it('finds one that is shown twice, and one after its younger', () => {
    const { own, show, deliver } = book()
    const [first, second] = [deliver(1), deliver(2)]
    for (const said of [second, first, second]) show(said)
    expect(judged(own)).toEqual({ ...FINE, twice: 1, outOfOrder: 1 })
  })

  it('takes a message that its sender knows as perhaps not sent either way, once', () => {
    const { own, say, show } = book()
    const [shown, unshown] = [say(), say()]
    for (const said of [shown, unshown]) said.refused('unconfirmed')
    show(shown)
    expect(judged(own)).toEqual(FINE)
    show(shown)
    expect(judged(own)).toEqual({ ...FINE, twice: 1 })
  })

  it.each(['upstream-away', 'internal', 'signed-out'] as const)('finds one that was refused %s, and shown', (code) => {
    const { own, say, show } = book()
    const said = say()
    said.refused(code)
    show(said)
    expect(judged(own)).toEqual({ ...FINE, denied: 1 })
  })

  it('lets a message go down with the session that had it, and only shortly before its end', () => {
    const { own, deliver } = book()
    deliver(1)
    own.ended(HIS, DOWN_WITH_SESSION_MS - 1)
    expect(judged(own)).toEqual({ ...FINE, down: 1 })
    const late = book()
    late.deliver(1)
    late.own.ended(HIS, DOWN_WITH_SESSION_MS)
    expect(judged(late.own)).toEqual({ ...FINE, lost: 1 })
  })

  it('lets a sender go without a word whose session ended', () => {
    const { own, say } = book()
    say().accepted(1, 0)
    own.ended(HERS, 3_600_000)
    expect(judged(own)).toEqual({ ...FINE, down: 1 })
  })
})
