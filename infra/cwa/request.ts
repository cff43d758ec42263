import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

export const HELP = `npm run cwa -- --users FILE [OPTIONS]   a stand-in Communicator Web Access server, with an LCS behind it

  --users FILE   who may sign in: UTF-8 text, one DOMAIN:USER:PASSWORD[:Display Name] a line;
                 blank lines and lines that begin with # are passed over
  --port N       plain HTTP on this port of 127.0.0.1, HTTPS on the next one (default: 8080);
                 0 takes two free ports
  --codec NAME   how bodies are written: xml (default: Microsoft's published API) or json
  --ca FILE      where the certificate of the private authority behind HTTPS is written
                 (default: cwa-ca.pem in the folder for temporary files)
  --help         this

Both ports are one server: a session begun at one goes on at the other. Ctrl-C ends it.
`

/** What was asked for on the command line. */
export type Request =
  | { readonly kind: 'help' }
  | { readonly kind: 'mistake'; readonly why: string }
  | {
      readonly kind: 'run'
      readonly users: string
      readonly port: number
      /** 0 where `port` is 0. */
      readonly securePort: number
      readonly codec: 'json' | 'xml'
      readonly ca: string
    }

export function requestOf(args: readonly string[]): Request {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        users: { type: 'string' },
        port: { type: 'string', default: '8080' },
        codec: { type: 'string', default: 'xml' },
        ca: { type: 'string', default: join(tmpdir(), 'cwa-ca.pem') },
        help: { type: 'boolean', default: false },
      },
    })
    const { users, codec, ca, help } = values
    if (help) return { kind: 'help' }
    if (users === undefined) return mistake('--users FILE is missing: it says who may sign in')
    const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN
    // The next port is the one for HTTPS.
    if (!(port <= 65_534)) return mistake(`--port ${values.port}: a number from 0 to 65534 is accepted`)
    if (codec !== 'json' && codec !== 'xml') return mistake(`--codec ${codec}: json or xml is accepted`)
    return { kind: 'run', users, port, securePort: port === 0 ? 0 : port + 1, codec, ca }
  } catch (thrown) {
    return mistake(thrown instanceof Error ? thrown.message : String(thrown))
  }
}

const mistake = (why: string): Request => ({ kind: 'mistake', why })
