import { reasonOf } from '../../shared/device/refused.ts'
import { localFolder } from '../terminal/local-folder.ts'
import { onLostOutput } from '../terminal/lost-output.ts'
import { deviceFile } from './device-file.ts'
import { enrollTo, offeredIn } from './enrolling.ts'
import { HELP, requestOf } from './request.ts'
import { run } from './run.ts'

/** `npm run chat`: exit code 0 after a logout, 1 when the service says no (to a script: to anything), 2 when the command line is not right. */
async function main(): Promise<number> {
  const request = requestOf(process.argv.slice(2), localFolder(process.env))
  if (request.kind === 'help') {
    process.stdout.write(HELP)
    return 0
  }
  if (request.kind === 'mistake') {
    process.stderr.write(`${request.why}\n--help says how this is used\n`)
    return 2
  }
  if (request.kind === 'enroll') {
    const { by, deviceFile: path } = request
    process.stdout.write(`${await enrollTo(path, 'file' in by ? await offeredIn(by.file) : by)}\n`)
    return 0
  }
  const identity = await deviceFile(request.deviceFile)
  const { stdin: input, stdout: output, env: environment } = process
  const url = request.url ?? identity.url
  const { awayAfterMs } = request
  const away = awayAfterMs === undefined ? {} : { awayAfterMs }
  return run({ identity: { ...identity, url }, input, output, environment, signal: interruption(), ...away })
}

/** The first interruption logs out, the second one leaves at once; a terminal that is closed logs out, too. */
function interruption(): AbortSignal {
  const aborted = new AbortController()
  const interrupt = () => (aborted.signal.aborted ? process.exit(130) : aborted.abort())
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  process.on('SIGHUP', () => aborted.abort())
  unread.addEventListener('abort', () => aborted.abort())
  return aborted.signal
}

/** Aborted when the output has no reader any more: the chat ends then. */
const unread = lostOutput()

function lostOutput(): AbortSignal {
  const lost = new AbortController()
  onLostOutput([process.stdout, process.stderr], (words) => {
    if (words !== undefined) process.stderr.write(`${words}\n`)
    lost.abort()
  })
  return lost.signal
}

try {
  process.exitCode = await main()
} catch (thrown) {
  process.stderr.write(`${reasonOf(thrown)}\n`)
  process.exitCode = 1
}
// An open standard input would keep the program, which has left.
process.stdin.destroy()
