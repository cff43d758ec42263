import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { admit } from '../../infra/local/people.ts'
import { character, tell, type Character } from '../../infra/local/story.ts'
import { DEFAULT_SETTINGS, type Settings } from '../../shared/rules/settings.ts'
import { memoryServices } from '../kit/memory/services.ts'
import { services, type Service } from '../kit/service.ts'

/** A service before a server upstream, and how many sessions that has. */
interface Before {
  readonly running: Service
  readonly upstreamSessions: () => number
}

/** The same stories before each: that one which nothing but the port knows tells them, too, shows that they hang on nothing else. */
const SERVERS: readonly { server: string; signIn: string; starting: () => () => Promise<Before> }[] = [
  {
    server: 'the stand-in CWA',
    signIn: 'Integrated Windows Authentication: accepted',
    starting() {
      const service = services()
      return async () => {
        const running = await service()
        return { running, upstreamSessions: () => running.cwa.control.sessions().length }
      }
    },
  },
  {
    server: 'a server in memory',
    signIn: 'password: accepted',
    starting() {
      const service = memoryServices()
      return async () => {
        const running = await service()
        return { running, upstreamSessions: running.memory.sessions }
      }
    },
  },
]

const BUSY = { code: 'server-busy', next: 'retry' }
const login = ({ device, person }: Character) => device.login(person.login, person.password)
const answers = ({ device }: Character) => device.status(true)
/** How often a device moves. */
const ROUNDS = 3
const numbered = (who: string) => Array.from({ length: ROUNDS }, (_, round) => `${who} ${round}`)
const texts = ({ seen }: Character) => seen.flatMap((event) => (event.kind === 'message' ? [event.text] : []))

describe.each(SERVERS)('before $server', ({ signIn, starting }) => {
  const start = starting()
  const entered: Character[] = []
  let before: Before

  beforeAll(async () => {
    before = await start()
  })

  afterEach(async () => {
    for (const { device } of entered.splice(0)) {
      await device.logout().catch(() => {})
      device.close()
    }
  })

  /** Settings, in force at once, and devices new to the service, in the hands of Ann, Bob and Cat in turn. */
  async function enter(
    settings: Partial<Settings>,
    devices = 3,
  ): Promise<readonly [Character, Character, Character, ...Character[]]> {
    const { running } = before
    await change(settings)
    const owners = [running.ann, running.bob, running.cat].map(({ person }) => person)
    const newcomer = async (at: number) => {
      const person = { ...(owners[at % owners.length] ?? running.ann.person), device: `phone-${crypto.randomUUID()}` }
      return character(person, running.url, await admit(person, running))
    }
    const [ann, bob, cat, ...others] = await Promise.all(Array.from({ length: devices }, (_, at) => newcomer(at)))
    if (ann === undefined || bob === undefined || cat === undefined) throw new Error('a story has three devices')
    entered.push(ann, bob, cat, ...others)
    return [ann, bob, cat, ...others]
  }

  /** A new environment reads the settings, where a warm one goes by the old ones for up to 10 s. */
  async function change(settings: Partial<Settings>): Promise<void> {
    await before.running.configuration.set({ ...DEFAULT_SETTINGS, ...settings })
    await endLogins()
  }

  async function endLogins(): Promise<void> {
    const { lambda, description } = before.running
    const found = description.functions.find(({ name }) => name.endsWith('-login'))
    await lambda.killEnvironments(found?.name ?? '')
  }

  it('the story is seen by the devices themselves', async () => {
    const [ann, bob, cat] = await enter({ maximumSessions: 2, idleTimeoutMs: 600_000 })
    const seen: string[] = []

    await tell({ ann, bob, cat, step: () => {}, saw: (words) => seen.push(words) })

    expect(seen).toContain(`Ann: ${signIn}`)
    expect(seen).toContain('Cat hears "Server Busy: the maximum number of sessions is reached and none is idle"')
    expect(seen.at(-1)).toBe('Bob and Cat log out')
    const { lambda, description } = before.running
    await lambda.idle()
    const leftRunning = description.functions.filter(({ name }) => lambda.leftRunning(name) > 0)
    expect(leftRunning.map(({ name }) => lambda.logs(name))).toEqual([])
  })

  it('a login of the same device replaces its session, and needs no second seat', async () => {
    const [ann] = await enter({ maximumSessions: 1 })
    const first = await login(ann)

    const second = await login(ann)

    expect(second.session).not.toBe(first.session)
    expect(second.steps[0]).toBe("maximum: seat 0 is this device's own")
    expect(before.upstreamSessions()).toBe(1)
  })

  it('a log-out ends the session upstream, and leaves its seat to the next', async () => {
    const [ann, bob] = await enter({ maximumSessions: 1 })
    await login(ann)
    await expect(login(bob)).rejects.toMatchObject(BUSY)

    await ann.device.logout()

    expect(before.upstreamSessions()).toBe(0)
    await endLogins()
    await login(bob)
    await answers(bob)
  })

  it('a login is never one too many: eight at once, a maximum of two', async () => {
    const all = await enter({ maximumSessions: 2 }, 8)

    const heard = await Promise.all(
      all.map(async (who) =>
        login(who).then(
          () => 'accepted',
          (refused: { code: string }) => refused.code,
        ),
      ),
    )

    expect(heard.toSorted()).toEqual(['accepted', 'accepted', ...Array.from({ length: 6 }, () => 'server-busy')])
    expect(before.upstreamSessions()).toBe(2)
  })

  it('a maximum that is lowered ends no session, and admits no login until the live ones are under it', async () => {
    const [ann, bob, cat] = await enter({ maximumSessions: 2 })
    await login(ann)
    await login(bob)

    await change({ maximumSessions: 1 })

    await Promise.all([ann, bob].map(answers))
    await expect(login(cat)).rejects.toMatchObject(BUSY)
    // Her seat is the one below the maximum: it is free, and still no login may have it.
    await ann.device.logout()
    await expect(login(cat)).rejects.toMatchObject(BUSY)
    await answers(bob)
    await bob.device.logout()
    // The no before is repeated for a second by the environment that said it.
    await endLogins()
    await login(cat)
    await expect(login(ann)).rejects.toMatchObject(BUSY)
    expect(before.upstreamSessions()).toBe(1)
  })

  it('a device that moves to a new connection again and again shows and sends each message once and in order, and hears what became of each', async () => {
    const [ann, bob] = await enter({})
    for (const who of [ann, bob]) await login(who)
    const { conversation: anns = '' } = await ann.device.send({
      kind: 'start',
      to: [bob.device.uri ?? ''],
      text: 'Hello Bob',
    })
    const { conversation: bobs } = await bob.saw('the invitation', 'invitation')
    await bob.device.send({ kind: 'accept', conversation: bobs })
    for (const { saw } of [ann, bob]) {
      await saw('the connection', 'conversation', ({ state }) => state === 'connected')
    }

    for (const [round, text] of numbered('Ann').entries()) {
      const said = [
        ann.device.send({ kind: 'message', conversation: anns, text }),
        bob.device.send({ kind: 'message', conversation: bobs, text: `Bob ${round}` }),
      ]
      const resumed = await ann.device.resume()
      await Promise.all(said)
      expect(resumed).toEqual({ recovered: true })
    }
    await ann.saw("Bob's last", 'message', ({ text }) => text === numbered('Bob').at(-1))
    await bob.saw("Ann's last", 'message', ({ text }) => text === numbered('Ann').at(-1))
    // What comes next takes the last receipts along, which would wait for two seconds.
    await bob.device.send({ kind: 'message', conversation: bobs, text: 'Heard' })
    await ann.saw('that Bob heard it', 'message', ({ text }) => text === 'Heard')
    for (const text of numbered('Ann')) {
      await ann.saw(`that "${text}" arrived`, 'send', ({ command, state }) => {
        return state === 'delivered' && command.kind === 'message' && command.text === text
      })
    }

    expect([texts(ann), texts(bob)]).toEqual([[...numbered('Bob'), 'Heard'], numbered('Ann')])
    expect(ann.seen.filter(({ kind }) => kind === 'gap')).toEqual([])
  })
})
