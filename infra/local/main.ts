import { once } from 'node:events'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { wallClock } from '../../shared/clock.ts'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { UPSTREAM_KINDS, type UpstreamKind } from '../../shared/upstream/kinds.ts'
import { printTransportKey } from '../../shared/wire/transport-key.ts'
import { localFolder, unwritable } from '../terminal/local-folder.ts'
import { onLostOutput } from '../terminal/lost-output.ts'
import { functionLogs, type FunctionLogs } from './function-logs.ts'
import { figures } from './metrics/figures.ts'
import { metricsPage } from './metrics/page.ts'
import { endBundling } from '../cdk/bundle.ts'
import { buildPage } from '../web/build.ts'
import { browserLink } from './browser-link.ts'
import { pageServer } from './page-server.ts'
import { admit, people, type Person } from './people.ts'
import { runningStacks, stackFile, STACK_FILE, type StackNotes } from './stack-file.ts'
import { localStack, type RunningStack } from './stack.ts'
import { sparingEnvironments } from './sparing.ts'
import { character, tell } from './story.ts'
import { terminal, type Terminal } from './terminal.ts'
import { wakingWords } from './waking.ts'

const HELP = `npm start [-- OPTIONS]   the whole service on this machine: plays a story, then stays up for you to join

  --once         end after the story: exit 0 if the devices saw every step of it
  --port N       where devices connect, on 127.0.0.1 (default: a free port)
  --codec NAME   how the service and CWA talk: json (default) or xml
  --upstream KIND[:URL]   the server upstream: cwa (default) or matrix, a stand-in; with a URL one that runs already, and no story
  --user NAME    with a URL: who of that server's users may log in, with a link that makes a browser a device of theirs
  --keep         keep the tables in .local/tables from one start to the next, and their keys beside it (default: in memory)
  --empty        no story, and no user is permitted and no device enrolled yet: npm run admin does that
  --help         this

Afterwards it shows what it measures in a line that changes (on a terminal), and for Prometheus at an address that it prints.
Keys of devices, logs and tables go to .local, or to the folder that COLLABORATION_LOCAL names: here, and for npm run chat and admin.
`

const LOCAL = localFolder(process.env)

/** During the story; what it shows depends on the maximum of two. */
const STORY_SETTINGS = { ...DEFAULT_SETTINGS, maximumSessions: 2, idleTimeoutMs: 10 * 60_000 }
/** Afterwards, for those who join. */
const OPEN_SETTINGS = { ...STORY_SETTINGS, maximumSessions: 100 }

/** A browser subscribes at its own push service. Where this machine does not reach it, its page says so. */
const WEB_PUSH = { contact: 'mailto:ops@contoso.test' }

interface Options {
  readonly once: boolean
  readonly keep: boolean
  readonly empty: boolean
  readonly port: number
  readonly codec: 'json' | 'xml'
  readonly upstream: { readonly kind: UpstreamKind; readonly url?: string }
  readonly user?: string
}

process.exitCode = await main(process.argv.slice(2), terminal(process.stdout, process.env))

async function main(args: readonly string[], out: Terminal): Promise<number> {
  const options = read(args)
  if (options === HELP) {
    process.stdout.write(HELP)
    return 0
  }
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n`)
    return 2
  }
  const unread = outputClosed()
  const everybody = people(options.upstream.kind)
  const isOwnServer = options.upstream.url !== undefined
  const stack = localStack({
    users: Object.values(everybody),
    webPush: WEB_PUSH,
    port: options.port,
    codec: options.codec,
    upstream: options.upstream,
    ...(options.keep && { keep: join(LOCAL, 'tables') }),
    lambda: { log: (line) => logs?.write(line), quickEnvironments: sparingEnvironments() },
    gateway: { log: (entry) => logs?.access(entry) },
    eventBridge: { published: (event) => out.note(`\n  ${wakingWords(event) ?? JSON.stringify(event)}`) },
    progress: out.working,
  })
  let logs: FunctionLogs | undefined
  let notes: StackNotes | undefined
  try {
    logs = functionLogs(logFolder(), (fault) => process.stderr.write(`\n${wordsOf(fault)}\n`))
    out.note('The Collaboration Service, whole, on this machine:')
    const running = await stack.start()
    out.done()
    logs.format(running.description.api.accessLogFormat)
    notes = stackFile(STACK_FILE, running)
    if (!options.empty && !isOwnServer) await play(running, everybody, notes, out)
    if (!options.once) await stayUp(running, { ...options, notes }, everybody, logs.folder, out, unread)
    return 0
  } catch (thrown) {
    out.done()
    process.stderr.write(`\n${wordsOf(thrown)}\n`)
    if (logs !== undefined)
      process.stderr.write(`What the functions wrote is in ${relative(process.cwd(), logs.folder)}/\n`)
    return 1
  } finally {
    notes?.forget()
    await stack.stop()
    logs?.close()
  }
}

async function play(
  running: RunningStack,
  { ann, bob, cat }: ReturnType<typeof people>,
  notes: StackNotes,
  out: Terminal,
): Promise<void> {
  await running.configuration.set(STORY_SETTINGS)
  const enter = async (person: Person) => character(person, running.url, await enroll(person, running, notes))
  await tell({
    ann: await enter(ann),
    bob: await enter(bob),
    cat: await enter(cat),
    step: out.title,
    saw: out.line,
  })
}

/** Enrolls a person's device, and leaves its key where `npm run chat` looks for it: readable by this user only. */
async function enroll(person: Person, running: RunningStack, notes: StackNotes): Promise<Uint8Array> {
  const transportKey = await admit(person, running)
  const { device, login: user } = person
  notes.device(join(LOCAL, 'devices', `${person.user}.json`), {
    url: running.url,
    device,
    user,
    transportKey: printTransportKey(transportKey),
  })
  return transportKey
}

async function stayUp(
  running: RunningStack,
  { empty, upstream, user, notes }: Options & { readonly notes: StackNotes },
  everybody: ReturnType<typeof people>,
  logs: string,
  out: Terminal,
  unread: Promise<void>,
): Promise<void> {
  out.title('Now you')
  const isOwnServer = upstream.url !== undefined
  const hasNoCharacters = empty || isOwnServer
  if (hasNoCharacters) inviteToAdminister(running, isOwnServer ? [] : Object.values(everybody), out)
  else await inviteToJoin(running, everybody, out)
  const built = await buildPage()
  await endBundling()
  const browser = await pageServer(built, running.url)
  notes.page(browser.url)
  if (user !== undefined) await inviteBrowsers(running, [await ownUser(user, running)], browser.url, out)
  else if (hasNoCharacters) out.note(`\n  The page for browsers: ${browser.url}`)
  else await inviteBrowsers(running, Object.values(everybody), browser.url, out)
  const page = await metricsPage(running)
  out.note(`\n  Metrics for Prometheus: ${page.url}/metrics`)
  out.note(`  The functions' logs are in ${relative(process.cwd(), logs)}/. Ctrl-C ends it all.`)
  const stop = everySecond(() => out.live(figures(running)))
  await Promise.race([unread, ...['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal))])
  stop()
  await page.stop()
  await browser.stop()
  out.note('\nStopping.')
}

/** What reads the output was closed (`| head`), without which the stack would run unseen. */
function outputClosed(): Promise<void> {
  return new Promise((resolve) => {
    onLostOutput([process.stdout, process.stderr], (words) => {
      if (words !== undefined) process.stderr.write(`${words}\n`)
      resolve()
    })
  })
}

/** A stack that runs beside others has logs of its own. */
function logFolder(): string {
  const others = runningStacks(STACK_FILE).filter(({ pid }) => pid !== process.pid)
  return join(LOCAL, others.length === 0 ? 'logs' : `logs-${process.pid}`)
}

function wordsOf(thrown: unknown): string {
  return unwritable(thrown, LOCAL) ?? (thrown instanceof Error ? thrown.message : String(thrown))
}

function everySecond(action: () => void): () => void {
  let cancel: (() => void) | undefined
  const again = () => {
    action()
    cancel = wallClock.after(1_000, again)
  }
  again()
  return () => cancel?.()
}

async function inviteToJoin(running: RunningStack, everybody: ReturnType<typeof people>, out: Terminal): Promise<void> {
  await running.configuration.set(OPEN_SETTINGS)
  out.note(`  Devices connect to ${running.url}; the maximum is ${OPEN_SETTINGS.maximumSessions} sessions from now on.`)
  out.note('  In two other terminals, for example:\n')
  for (const { user, password } of Object.values(everybody)) {
    out.note(`    npm run chat -- --as ${user}     password ${password}`)
  }
}

/** Who gets a link for a browser. */
type Invited = Pick<Person, 'user' | 'login' | 'displayName'>

/** A user of somebody's own server, who may log in from now on. */
async function ownUser(login: string, { configuration }: RunningStack): Promise<Invited> {
  await configuration.set(OPEN_SETTINGS)
  await configuration.putUser(login, { permitted: true })
  return {
    login,
    user: login
      .replaceAll(/[^a-z0-9]+/gi, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 40),
  }
}

async function inviteBrowsers(
  running: RunningStack,
  everybody: readonly Invited[],
  page: string,
  out: Terminal,
): Promise<void> {
  out.note(`\n  Or in a browser, at ${page}. Each link sets one browser (or one private window) up, once:\n`)
  for (const person of everybody) {
    out.note(`    ${person.displayName ?? person.user}: ${await browserLink(person, running, page)}`)
  }
  out.note(
    '\n  The bell in the page turns notifications on. While it is closed, the push service of your browser wakes it, and',
  )
  out.note('  hears only that something waits: where this machine reaches it.')
}

function inviteToAdminister(running: RunningStack, known: readonly Person[], out: Terminal): void {
  const example = known[0]?.login ?? '@ann:example.org'
  out.note(`  Devices connect to ${running.url}; no user is permitted and no device is enrolled yet:`)
  out.note(`    npm run admin -- users add '${example}'`)
  out.note(`    npm run admin -- devices enroll '${example}'     and what it says, with a name for FILE\n`)
  out.note('  npm run admin -- --help has the rest, infra/admin/README.md an example.')
  if (known.length === 0) return
  out.note('\n  The server upstream knows these users:\n')
  for (const { login, password } of known) out.note(`    ${login}     password ${password}`)
}

/** The options, or what to say to other ones. */
function read(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        empty: { type: 'boolean', default: false },
        port: { type: 'string', default: '0' },
        codec: { type: 'string', default: 'json' },
        upstream: { type: 'string', default: 'cwa' },
        user: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
    const { once, keep, empty, codec, help, user } = values
    const port = Number(values.port)
    if (help) return HELP
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      return `--port ${values.port}: a number from 0 to 65535 is accepted`
    if (codec !== 'json' && codec !== 'xml') return `--codec ${codec}: json or xml is accepted`
    const upstream = upstreamIn(values.upstream)
    if (upstream === undefined)
      return `--upstream ${values.upstream}: cwa, matrix, or one of them with a URL, such as matrix:https://matrix.example.org`
    if (once && upstream.url !== undefined)
      return '--once ends after the story, and npm start plays no story on your own server: leave one of them out'
    if (user !== undefined && upstream.url === undefined)
      return '--user goes with --upstream KIND:URL: the stand-in has users of its own'
    if (once && empty) return '--once ends after the story, and --empty tells none: give one of them'
    return { once, keep, empty, port, codec, upstream, ...(user !== undefined && { user }) }
  } catch (thrown) {
    return `${thrown instanceof Error ? thrown.message : String(thrown)}\n\n${HELP}`
  }
}

function upstreamIn(text: string): Options['upstream'] | undefined {
  const [, word, url] = /^([a-z]+)(?::(.+))?$/.exec(text) ?? []
  const kind = UPSTREAM_KINDS.find((each) => each === word)
  if (kind === undefined || (url !== undefined && !/^https?:\/\/[^/@]+\/?$/.test(url))) return undefined
  return { kind, ...(url !== undefined && { url: url.replace(/\/$/, '') }) }
}
