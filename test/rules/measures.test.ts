import { describe, expect, it } from 'vitest'
import { measuring } from '../../shared/rules/measures.ts'

describe('what was measured', () => {
  it('is put together as each measure says: summed, the most, the last, or each value', () => {
    const { measure, take } = measuring()
    for (const value of [1, 2]) measure('Evictions', value)
    for (const value of [5, 9, 7]) measure('MailboxDepth', value)
    for (const value of [5, 9, 7]) measure('Sessions', value)
    for (const value of [5, 9, 7]) measure('EventToDevice', value)
    expect(take().map(({ name, values }) => [name, values])).toEqual([
      ['Evictions', [3]],
      ['MailboxDepth', [9]],
      ['Sessions', [7]],
      ['EventToDevice', [5, 9, 7]],
    ])
  })

  it('differs by outcome, kind and so on', () => {
    const { measure, take } = measuring()
    measure('Logins', 1, 'accepted')
    measure('Logins', 1, 'server-busy')
    measure('Logins', 1, 'accepted')
    expect(take()).toEqual([
      { name: 'Logins', by: 'accepted', values: [2] },
      { name: 'Logins', by: 'server-busy', values: [1] },
    ])
  })

  it('is taken once, and nothing is left where nothing was measured', () => {
    const { measure, take } = measuring()
    measure('HandOvers', 1)
    expect(take()).toHaveLength(1)
    expect(take()).toEqual([])
  })
})
