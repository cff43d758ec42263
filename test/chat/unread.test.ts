import { describe, expect, it } from 'vitest'
import { unreadMarks } from '../../infra/chat/people/unread.ts'

const BOB = 'sip:bob@contoso.test'
const CAT = 'sip:cat@contoso.test'

describe('unread marks', () => {
  it('count what comes from others than whom the user talks to, until the user turns to them', () => {
    const unread = unreadMarks()

    for (const from of [CAT, BOB, CAT, 'sip:Cat@contoso.test']) unread.came(from, 'sip:Bob@contoso.test')
    expect(unread.all()).toEqual([{ uri: 'sip:Cat@contoso.test', count: 3 }])
    expect([unread.count(CAT), unread.count(BOB)]).toEqual([3, 0])

    unread.read(CAT)
    unread.came(BOB, CAT)
    expect(unread.all()).toEqual([{ uri: BOB, count: 1 }])
  })
})
