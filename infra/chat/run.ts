import { reasonOf } from '../../shared/device/refused.ts'
import { type Clock, wallClock } from '../../shared/clock.ts'
import { automaticAway } from '../../shared/device/automatic-away.ts'
import { device, type Device } from '../../shared/device/device.ts'
import { timeByHttp } from '../../shared/device/service-clock.ts'
import { chat, type Chat } from './chat.ts'
import type { DeviceFile } from './device-file.ts'
import { paintFor, type Paint } from '../terminal/paint.ts'
import { PASSWORD_VARIABLE } from './request.ts'
import { isTerminal, printed, secret, terminal, type Input, type Output, type Terminal } from '../terminal/terminal.ts'
import { note, warning } from './screen/lines.ts'
import { loginFailure } from './screen/view.ts'

export interface RunOptions {
  readonly identity: DeviceFile
  readonly input: Input
  readonly output: Output
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Ends the chat, as ctrl-C does on a terminal. */
  readonly signal?: AbortSignal
  readonly clock?: Clock
  /** After how many milliseconds without a key the user is shown as away; absent: never. */
  readonly awayAfterMs?: number
}

/**
 * How long the chat waits, as it leaves, for what became of the last messages, in milliseconds: for a person, and for a
 * script, of which no one would see what comes later.
 */
const PATIENCE_MS = { person: 5_000, script: 10_000 }

/**
 * Chats until the person leaves.
 *
 * @returns the exit code: 0, 1 when the login failed (or, of what a script said, something was not done), 2 when there is
 * no password
 */
export async function run(options: RunOptions): Promise<number> {
  const { output, environment } = options
  const paint = paintFor(output, environment)
  const password = environment[PASSWORD_VARIABLE] ?? (await askedFor(options))
  if (password !== undefined) return chatted(password, paint, options)
  plain(output).print([warning(`there is no password: type it on a terminal, or set ${PASSWORD_VARIABLE}`, { paint })])
  return 2
}

async function askedFor(options: RunOptions): Promise<string | undefined> {
  return isTerminal(options) ? secret(`Password of ${options.identity.user}: `, options) : undefined
}

async function chatted(password: string, paint: Paint, options: RunOptions): Promise<number> {
  const { identity, input, output, signal, clock = wallClock, awayAfterMs } = options
  const { promise: left, resolve: quit } = Promise.withResolvers<void>()
  const phone = device({ ...identity, clock, ...(clock === wallClock && { serviceTime: timeByHttp }) })
  let screen = plain(output)

  const logIn = async () => {
    const { uri, steps } = await phone.login(identity.user, password)
    const words = [...steps, `signed in as ${uri}. /help lists what you can type`]
    screen.print(words.map((each) => note(each, { paint })))
  }
  const stand: Terminal = {
    print: (lines) => screen.print(lines),
    prompt: (text) => screen.prompt(text),
    close: () => screen.close(),
  }
  const talk = chat({ device: phone, paint, clock, screen: stand, logIn, quit })
  phone.on((event) => talk.event(event))
  const away = awayAfterMs === undefined ? undefined : automaticAway({ device: phone, afterMs: awayAfterMs, clock })

  screen.print([note(`connecting to ${new URL(identity.url).host} as ${identity.user}`, { paint })])
  try {
    await logIn()
  } catch (thrown) {
    screen.print(loginFailure(thrown, { paint }))
    return 1
  }

  const lines = {
    onLine(line: string) {
      away?.did()
      talk.line(line)
    },
    onKey(line: string) {
      away?.did()
      talk.key(line)
    },
    completions: (line: string) => talk.completions(line),
    onEnd: quit,
  }
  screen = terminal({ input, output, environment: options.environment, ...lines })
  talk.prompt()
  signal?.addEventListener('abort', () => quit())
  if (signal?.aborted) quit()
  await left
  away?.end()
  screen.close()
  screen = plain(output)
  const isScript = !isTerminal(options)
  await leave({ phone, talk, screen, paint, clock }, isScript ? PATIENCE_MS.script : PATIENCE_MS.person)
  return isScript && talk.failed ? 1 : 0
}

interface Leaving {
  readonly phone: Device
  readonly talk: Chat
  readonly screen: Terminal
  readonly paint: Paint
  readonly clock: Clock
}

/** Waits for the last answers, as long as that is bearable, and logs out. */
async function leave({ phone, talk, screen, paint, clock }: Leaving, patienceMs: number): Promise<void> {
  const bearable = new Promise<void>((resolve) => clock.after(patienceMs, resolve))
  if (phone.state === 'online') await Promise.race([talk.settled(), bearable])
  talk.end()
  if (phone.session === undefined) return
  try {
    await phone.logout()
    screen.print([note('logged out', { paint })])
  } catch (thrown) {
    screen.print([warning(reasonOf(thrown), { paint })])
  }
}

/** The output before there is a prompt, and after. */
function plain(output: Output): Terminal {
  return {
    print: (lines) => void output.write(printed(lines, output)),
    prompt: () => {},
    close: () => {},
  }
}
