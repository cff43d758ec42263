import { expect, it, onTestFinished } from 'vitest'
import { device, type Device } from '../../shared/device/device.ts'
import { crowd, type Member } from '../bench/crowd.ts'

/** A new account's concurrency, and as many people as it is exceeded by: each login asks two functions, and upkeep runs. */
const CONCURRENCY = 10
const PEOPLE = 12

interface Someone {
  readonly own: Device
  readonly logIn: () => Promise<unknown>
  readonly heard: string[]
  readonly hears: (text: string) => Promise<void>
}

function someone(url: string, { person, transportKey }: Member): Someone {
  const heard: string[] = []
  const waiting = new Set<() => void>()
  const { login, password } = person
  const own = device({ url, device: person.device, transportKey })
  onTestFinished(() => own.close())
  own.on((event) => {
    if (event.kind !== 'message' && event.kind !== 'invitation') return
    heard.push(event.text ?? '')
    for (const look of waiting) look()
  })
  const hears = (text: string) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (heard.includes(text)) resolve()
      }
      waiting.add(look)
      look()
    })
  return { own, heard, hears, logIn: () => own.login(login, password) }
}

/** As a person does who reads that it did not work: again. */
async function untilIn({ logIn }: Someone): Promise<void> {
  for (;;) {
    try {
      await logIn()
      return
    } catch {
      // The gateway's own errors say nothing of why.
    }
  }
}

it('with the ten concurrent executions of a new account everybody gets in, and every message arrives, once', async () => {
  const { running, members, stop } = await crowd({ count: PEOPLE, lambda: { concurrency: CONCURRENCY } })
  onTestFinished(stop)
  const all = members.map((member) => someone(running.url, member))
  await Promise.all(all.map(untilIn))

  const next = (index: number) => members[(index + 1) % PEOPLE]?.uri ?? ''
  await Promise.all(all.map(({ own }, index) => own.send({ kind: 'start', to: [next(index)], text: `from ${index}` })))
  await Promise.all(all.map(({ hears }, index) => hears(`from ${(index + PEOPLE - 1) % PEOPLE}`)))

  expect(all.map(({ heard }) => heard)).toEqual(all.map((_, index) => [`from ${(index + PEOPLE - 1) % PEOPLE}`]))
  expect(running.lambda.throttles()).toBeGreaterThan(0)
})
