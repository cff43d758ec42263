import { describe, expect, it, onTestFinished } from 'vitest'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { keyOf, type SeatItem } from '../../shared/store/seats/seat-item.ts'
import { rawDevice } from '../kit/raw-device.ts'
import { services, type Service } from '../kit/service.ts'
import { keptTable } from '../kit/tables.ts'
import { untilAsked } from '../kit/upstream.ts'

const service = services()

type Character = Service['ann']

const login = ({ device, person }: Character) => device.login(person.login, person.password)
const answers = ({ device }: Character) => device.status(true)
const BUSY = { code: 'server-busy', next: 'retry' }

async function endLogins({ lambda, description }: Pick<Service, 'lambda' | 'description'>): Promise<void> {
  const found = description.functions.find(({ name }) => name.endsWith('-login'))
  await lambda.killEnvironments(found?.name ?? '')
}

describe('a maximum that is raised', () => {
  it('admits the next login at once, though the environment has read the one before', async () => {
    const running = await service({ settings: { maximumSessions: 1 } })
    const { ann, bob, cat } = running
    await login(ann)
    await expect(login(bob)).rejects.toMatchObject(BUSY)

    await running.configuration.set({ ...DEFAULT_SETTINGS, maximumSessions: 2 })

    await login(bob)
    await expect(login(cat)).rejects.toMatchObject(BUSY)
    await Promise.all([ann, bob].map(answers))
  })
})

describe('a login that dies before its sign-in is answered', () => {
  it('is begun again by the device library, on the same seat', async () => {
    const { ann, bob, cwa, answer } = await interrupted(({ ann }) => login(ann))

    expect(await answer).toMatchObject({ type: 'accepted' })

    await answers(ann)
    await expect(login(bob)).rejects.toMatchObject(BUSY)
    expect(cwa.control.sessions()).toHaveLength(1)
  })

  it('keeps its seat from others, not from its device', async () => {
    const { ann, bob, answer } = await interrupted(asksOnce)
    expect(await answer).toMatchObject({ message: 'Internal server error' })
    await expect(login(bob)).rejects.toMatchObject(BUSY)

    await login(ann)

    await answers(ann)
    await expect(login(bob)).rejects.toMatchObject(BUSY)
  })

  it('leaves a seat that is free once its lease is over', async () => {
    const { answer, ...running } = await interrupted(asksOnce)
    const { bob } = running
    expect(await answer).toMatchObject({ message: 'Internal server error' })
    await expect(login(bob)).rejects.toMatchObject(BUSY)

    await leaseIsOver(running)

    await login(bob)
    await answers(bob)
  })
})

/** What Ann's device asks for, at maximum 1, and the end of the function that asks CWA for it. */
async function interrupted(asking: (running: Service) => Promise<unknown>) {
  const running = await service({ settings: { maximumSessions: 1 } })
  const { cwa } = running
  cwa.control.hold()
  const asked = untilAsked(cwa, () => true)
  const answer = asking(running)
  await asked
  await endLogins(running)
  cwa.control.release()
  return { ...running, answer }
}

/** A device that asks once: the library would ask again. */
async function asksOnce({ url, ann, keys }: Service) {
  const raw = await rawDevice(url, ann.person.device, keys.ann)
  onTestFinished(() => raw.socket.close())
  const { login: user, password } = ann.person
  raw.send(await raw.sealed('login', { type: 'login', user, password }, Date.now()))
  return JSON.parse(await raw.message())
}

/** As if 45 seconds had gone by since the login took seat 0, and a second since the last no. */
async function leaseIsOver(running: Service): Promise<void> {
  const items = keptTable(running)
  const seat = await items.get<SeatItem>(keyOf(0))
  expect(seat?.l).toBeGreaterThan(Date.now())
  await items.put({ ...seat, ...keyOf(0), l: Date.now() - 1 })
  await endLogins(running)
}
