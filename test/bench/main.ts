import { parseArgs } from 'node:util'
import { admissionBench } from './admission.ts'
import type { Bench } from './bench.ts'
import { fuzz } from './fuzz.ts'
import { start } from './start.ts'

const BENCHES: Readonly<Record<string, Bench>> = {
  start: { about: 'size of each bundle, and the time Node takes to load it', run: start },
  admission: {
    about: 'cost of a login by how full it is, and logins at once: never one too many',
    run: admissionBench,
  },
  fuzz: { about: 'hostile frames, tokens, CWA answers and NTLM; 100,000 cases of each kind', run: fuzz },
}

const HELP = `npm run bench -- NAME [--runs N]

${Object.entries(BENCHES)
  .map(([name, { about }]) => `  ${name.padEnd(12)}${about}`)
  .join('\n')}
`

process.exitCode = await main(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`))

async function main(args: string[], print: (line: string) => void): Promise<number> {
  try {
    const options = { runs: { type: 'string' }, help: { type: 'boolean' } } as const
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options })
    const runs = values.runs === undefined ? undefined : Number(values.runs)
    const bench = BENCHES[positionals[0] ?? '']
    if (values.help || bench === undefined || positionals.length > 1) return usage(values.help === true)
    if (runs !== undefined && !(Number.isInteger(runs) && runs > 0)) throw new Error('--runs: a whole number from 1 up')
    await bench.run({ runs, print })
    return 0
  } catch (thrown) {
    process.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
    return 1
  }
}

function usage(asked: boolean): number {
  const out = asked ? process.stdout : process.stderr
  out.write(HELP)
  return asked ? 0 : 2
}
