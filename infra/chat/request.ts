import { reasonOf } from '../../shared/device/refused.ts'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/** What the command line asks for. */
export type Request =
  | { readonly kind: 'chat'; readonly deviceFile: string; readonly url?: string; readonly awayAfterMs?: number }
  | {
      readonly kind: 'enroll'
      readonly deviceFile: string
      readonly by: { readonly code: string; readonly url: string } | { readonly file: string }
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'mistake'; readonly why: string }

export const PASSWORD_VARIABLE = 'COLLABORATION_PASSWORD'

export const HELP = `Chat through the Collaboration Service, as a device of its.

  npm run chat -- --as NAME [--url ws://HOST/STAGE] [--away-after MINUTES]
  npm run chat -- --device FILE [--url ws://HOST/STAGE] [--away-after MINUTES]
  npm run chat -- --enroll CODE --url ws://HOST/STAGE --device FILE
  npm run chat -- --enroll-file FILE --device FILE

  --as NAME      the device that "npm start" wrote to .local/devices/NAME.json
  --device FILE  a device file of your own: JSON with "url", "device", "user" and "transportKey" (base64url)
  --url URL      another service than the device file's
  --enroll CODE  redeems the code that your administrator gave you, and writes the device file; then chat with --device FILE
  --enroll-file FILE  the same with the file that "devices enroll --out FILE" wrote, which names the service, too
  --away-after MINUTES  shows you as away once you have typed nothing for so long, and as before when you type again
  --help         this text

The password is asked for, or taken from the environment variable ${PASSWORD_VARIABLE}.
Colours are used on a terminal, unless NO_COLOR is set or TERM is dumb. Type /help once you are signed in.
Lines may come from a pipe: the chat then waits for what became of them, and exits with 1 when one was refused.
`

/**
 * @param words the words after the program's name
 * @param local where `npm start` leaves its devices' files, in the folder `devices`
 */
export function requestOf(words: readonly string[], local: string): Request {
  // `npm run` takes the first `--` away; who starts the file itself may have left it.
  const args = words[0] === '--' ? words.slice(1) : [...words]
  const parsed = optionsIn(args)
  if ('kind' in parsed) return parsed
  const { as, device, url, help, enroll, 'enroll-file': file } = parsed
  if (help === true) return { kind: 'help' }
  if (as !== undefined && /[/\\]/.test(as)) return mistake('--as takes a name; for a file there is --device')
  if (url !== undefined && !/^wss?:$/.test(URL.parse(url)?.protocol ?? '')) {
    return mistake(`--url: expected ws://… or wss://…, got "${url}"`)
  }
  if (enroll !== undefined || file !== undefined) {
    if (device === undefined) return mistake('say where the key goes: --device FILE, a file that is not there yet')
    if (enroll === undefined) return { kind: 'enroll', deviceFile: device, by: { file: file ?? '' } }
    if (url === undefined || file !== undefined)
      return mistake('--enroll CODE goes with --url ws://HOST/STAGE, and without a file')
    return { kind: 'enroll', deviceFile: device, by: { code: enroll, url } }
  }
  const deviceFile = device ?? (as && join(local, 'devices', `${as}.json`))
  if (!deviceFile) return mistake('say who you are: --as NAME, or --device FILE')
  const minutes = parsed['away-after']
  if (minutes !== undefined && !/^[1-9]\d{0,3}$/.test(minutes)) {
    return mistake(`--away-after: expected a whole number of minutes from 1 to 9999, got "${minutes}"`)
  }
  const awayAfterMs = minutes === undefined ? {} : { awayAfterMs: Number(minutes) * 60_000 }
  return { kind: 'chat', deviceFile, ...(url !== undefined && { url }), ...awayAfterMs }
}

function optionsIn(args: string[]) {
  try {
    const text = { type: 'string' } as const
    const options = {
      as: text,
      device: text,
      url: text,
      enroll: text,
      'enroll-file': text,
      'away-after': text,
      help: { type: 'boolean', short: 'h' },
    } as const
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values
  } catch (thrown) {
    return mistake(reasonOf(thrown))
  }
}

function mistake(why: string) {
  return { kind: 'mistake', why } as const
}
