import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { xmlCodec } from '../../shared/cwa/xml/xml.ts'
import { wallClock } from '../../shared/clock.ts'
import { standInCwa } from '../standin/cwa/server.ts'
import type { StandInCwa } from '../standin/cwa/server.ts'
import { uriOf } from '../standin/cwa/users.ts'
import type { StandInUser } from '../standin/cwa/users.ts'
import { lcs } from '../standin/lcs/server.ts'
import { onLostOutput } from '../terminal/lost-output.ts'
import { padded, widthOf } from '../terminal/width.ts'
import { HELP, requestOf } from './request.ts'
import type { Request } from './request.ts'
import { UserListFault, userList } from './user-list.ts'

/** `npm run cwa`: exit code 0 after Ctrl-C, 1 when it cannot start, 2 when the command line is not right. */
async function main(): Promise<number> {
  const request = requestOf(process.argv.slice(2))
  if (request.kind === 'help') {
    process.stdout.write(HELP)
    return 0
  }
  if (request.kind === 'mistake') {
    process.stderr.write(`${request.why}\n--help says how this is used\n`)
    return 2
  }
  const users = usersIn(request.users)
  const behind = lcs({ clock: wallClock, users: users.map(lcsUser) })
  await behind.start()
  const { port, securePort } = request
  const codec = request.codec === 'json' ? jsonCodec : xmlCodec
  const cwa = standInCwa({ users, clock: wallClock, lcs: behind.peer('cwa.local'), codec, port, securePort })
  try {
    await cwa.start()
    writeFileSync(request.ca, cwa.ca ?? '')
    process.stdout.write(welcome(request, cwa, users))
    await Promise.race([unread, ...['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal))])
    process.stdout.write('Stopping.\n')
    return 0
  } finally {
    await cwa.stop()
    await behind.stop()
  }
}

/** What reads the output was closed (`| head`): without it, the person would not see that a server runs. */
const unread = new Promise<void>((resolve) => {
  onLostOutput([process.stdout, process.stderr], (words) => {
    if (words !== undefined) process.stderr.write(`${words}\n`)
    resolve()
  })
})

/** The LCS knows no passwords. */
const lcsUser = (user: StandInUser) => ({
  uri: uriOf(user),
  ...(user.displayName === undefined ? {} : { displayName: user.displayName }),
})

function usersIn(file: string): readonly StandInUser[] {
  try {
    return userList(readFileSync(file))
  } catch (thrown) {
    if (thrown instanceof UserListFault) throw new UserListFault(`${file}: ${thrown.message}`, { cause: thrown })
    throw thrown
  }
}

function welcome({ codec, ca }: Extract<Request, { kind: 'run' }>, cwa: StandInCwa, users: readonly StandInUser[]) {
  const names = users.map(({ domain, user }) => `${domain}\\${user}`)
  const width = Math.max(...names.map(widthOf))
  const people = users.map((user, at) => {
    const known = user.displayName === undefined ? '' : `   ${user.displayName}`
    return `  ${padded(names[at] ?? '', width)}   ${uriOf(user)}${known}\n`
  })
  return [
    `Communicator Web Access stand-in, bodies in ${codec.toUpperCase()}\n`,
    `  HTTP    ${cwa.url()}\n`,
    `  HTTPS   ${cwa.secureUrl() ?? ''}\n`,
    `  CA      ${ca}   (trust this one to reach it by HTTPS; it is new at each start)\n`,
    'Sign in at /iwa/logon.html (NTLM, Negotiate) or /forms/logon.html as one of\n',
    ...people,
    'Ctrl-C ends it.\n',
  ].join('')
}

/** What a system error means here, and what to do about it. */
function wordsOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const code = 'code' in thrown ? thrown.code : undefined
  const port = 'port' in thrown && typeof thrown.port === 'number' ? thrown.port : undefined
  if (code === 'EADDRINUSE') return `port ${port} is in use: choose others with --port (HTTPS is on the next one)`
  if (code === 'EACCES' && port !== undefined) {
    return `port ${port} may not be opened by this user: choose one above 1023 with --port`
  }
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR' || code === 'EROFS' || code === 'ENOSPC') {
    return `${thrown.message}: check the file given with --users or --ca`
  }
  return thrown.message
}

try {
  process.exitCode = await main()
} catch (thrown) {
  process.stderr.write(`${wordsOf(thrown)}\n`)
  process.exitCode = 1
}
