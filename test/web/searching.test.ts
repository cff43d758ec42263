import { signal } from '@preact/signals'
import { expect, it } from 'vitest'
import { searching } from '../../infra/web/app/searching.ts'
import { NOTHING } from '../../infra/web/model/model.ts'
import type { ImEvent } from '../../shared/rules/messaging.ts'
import { barrier, events, loggedIn, refused } from '../device/harness.ts'

const found = (number: number, name: string): ImEvent => ({
  kind: 'found',
  number,
  people: [{ uri: `sip:${name}@contoso.test`, name }],
  more: false,
})

/** A page's search, before a service that answers as the test says. */
async function staged() {
  const { device, talk } = await loggedIn()
  const complaints: string[] = []
  const directory = searching(device, signal(NOTHING), (why) => complaints.push(why))
  let seq = 1
  const happens = async (event: ImEvent) => {
    seq += 1
    await talk.push({ ...events(), batches: [{ seq, events: [event] }] })
  }
  const names = () => directory.found.value?.people.map(({ name }) => name)
  return { device, talk, complaints, directory, happens, names }
}

it('shows who was found where the answer of the service brings them', async () => {
  const { device, talk, directory, names } = await staged()

  directory.search('cat')
  const { answer } = await talk.hear('send')
  await answer({ type: 'sent', number: 1, events: [found(1, 'Cat')] })
  await barrier(device, talk)

  expect(directory.found.value?.text).toBe('cat')
  expect(names()).toEqual(['Cat'])
})

it('shows who was found where the server says so after the answer of the service, or before it', async () => {
  const { device, talk, directory, happens, names } = await staged()

  directory.search('cat')
  const first = await talk.hear('send')
  await first.answer({ type: 'sent', number: 1 })
  await barrier(device, talk)
  expect(names()).toBeUndefined()
  await happens(found(1, 'Cat'))
  await barrier(device, talk)
  expect(names()).toEqual(['Cat'])

  directory.search('dan')
  const second = await talk.hear('send')
  await happens(found(2, 'Dan'))
  await second.answer({ type: 'sent', number: 2 })
  await barrier(device, talk)
  expect(directory.found.value?.text).toBe('dan')
  expect(names()).toEqual(['Dan'])
})

it('takes the late answer to an earlier search for none to this one', async () => {
  const { device, talk, directory, happens, names } = await staged()

  for (const [text, number] of [
    ['cat', 1],
    ['dan', 2],
  ] as const) {
    directory.search(text)
    const { answer } = await talk.hear('send')
    await answer({ type: 'sent', number })
  }
  await barrier(device, talk)
  await happens(found(1, 'Cat'))
  await barrier(device, talk)

  expect(names()).toBeUndefined()
})

it('says why a search was refused', async () => {
  const { device, talk, complaints, directory } = await staged()

  directory.search('cat')
  const { answer } = await talk.hear('send')
  await answer({ ...refused('upstream-refused'), reason: 'too many rows' })
  await barrier(device, talk)

  expect(complaints).toEqual(['too many rows'])
})
