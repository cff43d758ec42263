import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { deviceFile } from '../../infra/chat/device-file.ts'
import { people } from '../../infra/local/people.ts'
import { stackFile } from '../../infra/local/stack-file.ts'
import { localStack, type RunningStack } from '../../infra/local/stack.ts'
import { character, type Character } from '../../infra/local/story.ts'
import { CHAT, started, type Ended } from './started.ts'
import { masked, transcript, type Shown } from './transcript.ts'

const README = join(import.meta.dirname, '../../infra/admin/README.md')

/** The folder in which the commands are typed. */
const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
const everybody = people()
const stack = localStack({ users: Object.values(everybody) })
let running: RunningStack

beforeAll(async () => {
  running = await stack.start()
  mkdirSync(join(folder, '.local'))
  stackFile(join(folder, '.local/stack.json'), running)
})

afterAll(async () => {
  await stack.stop()
  rmSync(folder, { recursive: true, force: true })
})

function start(words: readonly string[], main?: string): Promise<Ended> {
  const environment = {
    COLLABORATION_STACK_FILE: join(folder, '.local/stack.json'),
    COLLABORATION_PASSWORD: everybody.ann.password,
  }
  return started(words, environment, folder, main)
}

/** Logs in as `npm run chat -- --device FILE` does. */
async function enter(file: string): Promise<Character> {
  const { url, device, user, transportKey } = await deviceFile(join(folder, file))
  const person = Object.values(everybody).find(({ login }) => login === user)
  if (person === undefined) throw new Error(`CWA knows no ${user}`)
  const who = character({ ...person, device }, url, transportKey)
  await who.device.login(user, person.password)
  return who
}

async function chat(ann: Character, bob: Character): Promise<string> {
  await ann.device.send({ kind: 'start', to: ['sip:bob@contoso.test'], text: 'Lunch?' })
  const { conversation, text } = await bob.saw('the invitation', 'invitation')
  await bob.device.send({ kind: 'accept', conversation })
  await bob.saw('the conversation', 'conversation', ({ state }) => state === 'connected')
  await bob.device.send({ kind: 'message', conversation, text: `${text} Gladly` })
  return (await ann.saw('the answer', 'message')).text
}

/** Types one command of the README: what is shown must be what stands there. */
async function typed({ words, output }: Shown): Promise<void> {
  const [, , program, , ...rest] = words
  const { code, stdout, stderr } = await start(rest, program === 'chat' ? CHAT : undefined)
  expect({ words, code, said: masked(stdout + stderr) }).toEqual({ words, code: 0, said: masked(output) })
}

it('from an empty database, two users chat, by the commands of the README and with their output', async () => {
  const chatting: Character[] = []
  const said: string[] = []
  onTestFinished(() => {
    for (const { device } of chatting) device.close()
  })
  for (const shown of transcript(README)) {
    if (shown.words[2] === 'admin' || shown.words.includes('--enroll-file')) {
      await typed(shown)
      continue
    }
    chatting.push(await enter(shown.words.at(-1) ?? ''))
    const [ann, bob] = chatting
    if (ann !== undefined && bob !== undefined) said.push(await chat(ann, bob))
  }
  expect(said).toEqual(['Lunch? Gladly'])

  const [, bob] = chatting
  await expect(bob?.device.poll()).rejects.toMatchObject({ next: 'login' })
  // Ann's phone was lost, and revoked.
  expect(running.cwa.control.sessions()).toEqual([])
  expect(statSync(join(folder, '.local/ann.json')).mode & 0o777).toBe(0o600)
})
