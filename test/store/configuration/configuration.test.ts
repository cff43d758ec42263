import { describe, expect, it, onTestFinished, test } from 'vitest'
import { DEFAULT_SETTINGS, type Settings } from '../../../shared/rules/settings.ts'
import {
  type Configuration,
  CONFIGURATION_CACHE_MS,
  configuration,
  type Reading,
} from '../../../shared/store/configuration/configuration.ts'
import {
  type ConfigurationWriter,
  configurationWriter,
} from '../../../shared/store/configuration/configuration-writer.ts'
import { DOUBTS } from '../../../shared/store/configuration/doubt.ts'
import { Unsealable } from '../../../shared/store/keys/vault.ts'
import { countedTable } from '../../kit/counted-table.ts'
import { database } from '../../kit/database.ts'
import { testVault } from '../../kit/vault.ts'

const NOW = 1_800_000_000_000

async function administered() {
  const { items } = await database()
  const vault = testVault()
  const another = () => configuration(items, vault)
  return { reader: another(), another, writer: configurationWriter(items, vault) }
}

describe('settings', () => {
  it('are the defaults where none are set', async () => {
    const { reader } = await administered()
    expect(await reader.settings(NOW)).toStrictEqual(DEFAULT_SETTINGS)
  })

  it('are what was set, and nothing of what was set before', async () => {
    const { reader, another, writer } = await administered()
    const first: Settings = {
      maximumSessions: 100,
      idleTimeoutMs: 600_000,
      inactivityTimeoutMs: 900_000,
      persistentConnections: 4_000,
      statusIntervalMs: 60_000,
      wakeAfterMs: 90_000,
      mailboxBatches: 100,
      mailboxBytes: 100_000,
      sendsPerMinute: 60,
      loginsPerHour: 30,
      wrongPasswords: 3,
      wrongPasswordWaitMs: 60_000,
    }
    await writer.set(first)
    expect(await reader.settings(NOW)).toStrictEqual(first)
    const second = { ...DEFAULT_SETTINGS, persistentConnections: 3_000, statusIntervalMs: 50_000 }
    await writer.set(second)
    expect(await another().settings(NOW)).toStrictEqual(second)
  })
})

describe('a user', () => {
  it('is found without regard to case, as Windows takes names', async () => {
    const { reader, another, writer } = await administered()
    await writer.putUser('CONTOSO\\Ann', { permitted: true })
    expect(await reader.user('contoso\\ANN', NOW)).toMatchObject({ permitted: true })
    await writer.putUser('Contoso\\ann', { permitted: false })
    expect(await another().user('CONTOSO\\Ann', NOW)).toMatchObject({ permitted: false })
  })

  it('is unknown until put', async () => {
    const { reader, writer } = await administered()
    await writer.putUser('CONTOSO\\ann', { permitted: true })
    expect(await reader.user('ann', NOW)).toBeUndefined()
  })
})

describe('the keys of a device', () => {
  it('open for no other device', async () => {
    const { items } = await database()
    const vault = testVault()
    await configurationWriter(items, vault).putDevice('ann-phone', { state: 'active', transportKey: 'A'.repeat(43) })
    const kept = await items.get<Record<string, unknown>>({ pk: 'DEVICE#ann-phone', sk: '-' })
    expect(JSON.stringify(kept)).not.toContain('AAAA')
    await items.put({ ...kept, pk: 'DEVICE#bob-phone', sk: '-' })
    await expect(configuration(items, vault).device('bob-phone', NOW)).rejects.toThrow(Unsealable)
  })
})

describe('a device', () => {
  it('is found by its exact id, with its state and key', async () => {
    const { reader, writer } = await administered()
    const record = { state: 'active', transportKey: 'A'.repeat(43) } as const
    await writer.putDevice('ann-phone', record)
    expect(await reader.device('ann-phone', NOW)).toMatchObject(record)
    expect(await reader.device('Ann-Phone', NOW)).toBeUndefined()
  })
})

type Change = (writer: ConfigurationWriter) => Promise<void>

function maximum(maximumSessions: number): Change {
  return (writer) => writer.set({ ...DEFAULT_SETTINGS, maximumSessions })
}

function permitted(is: boolean): Change {
  return (writer) => writer.putUser('ann', { permitted: is })
}

function state(is: 'active' | 'revoked'): Change {
  return (writer) => writer.putDevice('ann-phone', { state: is, transportKey: 'A'.repeat(43) })
}

describe('a change', () => {
  interface Case {
    readonly of: string
    readonly before?: Change
    readonly change: Change
    readonly read: (reader: Configuration, now: number) => Promise<unknown>
    readonly from: unknown
    readonly to: unknown
  }
  test.each<Case>([
    {
      of: 'the settings',
      before: maximum(10),
      change: maximum(20),
      read: async (reader, now) => (await reader.settings(now)).maximumSessions,
      from: 10,
      to: 20,
    },
    {
      of: 'a permission',
      before: permitted(true),
      change: permitted(false),
      read: async (reader, now) => (await reader.user('ann', now))?.permitted,
      from: true,
      to: false,
    },
    {
      of: 'a device',
      before: state('active'),
      change: state('revoked'),
      read: async (reader, now) => (await reader.device('ann-phone', now))?.state,
      from: 'active',
      to: 'revoked',
    },
    {
      of: 'a user who was unknown',
      change: permitted(true),
      read: async (reader, now) => (await reader.user('ann', now))?.permitted,
      from: undefined,
      to: true,
    },
  ])('of $of is seen when the cache is over, and not a millisecond earlier', async (row) => {
    const { reader, another, writer } = await administered()
    await row.before?.(writer)
    expect(await row.read(reader, NOW)).toBe(row.from)
    await row.change(writer)
    expect(await row.read(another(), NOW)).toBe(row.to)
    expect(await row.read(reader, NOW + CONFIGURATION_CACHE_MS - 1)).toBe(row.from)
    expect(await row.read(reader, NOW + CONFIGURATION_CACHE_MS)).toBe(row.to)
  })
})

async function isKnown(reader: Configuration, now: number): Promise<boolean> {
  return (await reader.user('ann', now, 'doubted'))?.permitted === true
}

describe('a no', () => {
  it('is doubted: read past the cache, which holds from then on what was read', async () => {
    const { reader, writer } = await administered()
    await maximum(10)(writer)
    await state('revoked')(writer)
    const read = async (reading?: Reading) => [
      (await reader.settings(NOW, reading)).maximumSessions,
      (await reader.user('ann', NOW, reading))?.permitted,
      (await reader.device('ann-phone', NOW, reading))?.state,
    ]
    expect(await read()).toEqual([10, undefined, 'revoked'])
    await maximum(20)(writer)
    await permitted(true)(writer)
    await state('active')(writer)
    expect(await read()).toEqual([10, undefined, 'revoked'])
    expect(await read('doubted')).toEqual([20, true, 'active'])
    expect(await read()).toEqual([20, true, 'active'])
  })

  it('that comes over and over costs two reads a second, after a first burst, and is answered from the cache', async () => {
    const { items, counting, stop } = await countedTable()
    onTestFinished(stop)
    const reader = configuration(items, testVault())
    const guesses = Array.from({ length: 1_000 }, (_, at) => NOW + at * 10)
    const { units } = await counting(async () => {
      for (const now of guesses) expect(await isKnown(reader, now)).toBe(false)
    })
    const seconds = guesses.length / 100
    expect(units.reads).toBeGreaterThan(DOUBTS.perSecond * (seconds - 1))
    // And half a unit, each time that the cache is over.
    expect(units.reads).toBeLessThanOrEqual(DOUBTS.burst + DOUBTS.perSecond * seconds + 1)
    expect(units.writes).toBe(0)
    await permitted(true)(configurationWriter(items, testVault()))
    expect(await isKnown(reader, NOW + 11_000)).toBe(true)
  })
})
