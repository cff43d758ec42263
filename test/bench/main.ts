import { parseArgs } from 'node:util'
import { admissionBench } from './admission.ts'
import { SIMULATED_UPSTREAMS, type Bench, type SimulatedUpstream } from './bench.ts'
import { cpu } from './cpu.ts'
import { deliverySimulation } from './delivery-simulation.ts'
import { dynamoBench } from './dynamo.ts'
import { fuzz } from './fuzz.ts'
import { handover } from './handover.ts'
import { hold } from './hold.ts'
import { wallClock } from '../../shared/clock.ts'
import { price } from './price.ts'
import { runBench } from './runner.ts'
import { screens } from './screens.ts'
import { soak } from './soak.ts'
import { soakSynapse } from './soak-synapse.ts'
import { simulationBench } from './simulation.ts'
import { start } from './start.ts'
import { trips } from './trips.ts'
import { web } from './web.ts'
import { firstMessage } from './load/first-message.ts'
import { load } from './load/load.ts'
import { weight } from './load/weight.ts'

const BENCHES: Readonly<Record<string, Bench>> = {
  start: { about: 'size of each bundle, and the time Node takes to load it', run: start },
  admission: {
    about: 'cost of a login by how full it is, and logins at once: never one too many; --schedules or --seconds bounds',
    run: admissionBench,
  },
  cpu: {
    about: 'processor time of a function for each operation, warm and at first; --runs; writes .local/bench-cpu.json',
    run: cpu,
  },
  'delivery-simulation': {
    about: '20,000 schedules of delivery: --schedules or --seconds bounds them, --seed plays one again; --upstream',
    run: deliverySimulation,
  },
  dynamo: {
    about: 'µs of the processor for an operation of the embedded DynamoDB, beside dynalite; --runs',
    run: dynamoBench,
  },
  'first-message': {
    about: 'how soon a message reaches somebody who has just logged in; --runs; writes .local/bench-first-message.json',
    run: firstMessage,
  },
  fuzz: {
    about: 'hostile frames, tokens, CWA answers and NTLM; 100,000 cases of each kind: --runs or --seconds bounds them',
    run: fuzz,
  },
  handover: {
    about: 'as many hand-overs as 24 hours have: what an event waits because of one, and that none is lost; --seconds',
    run: handover,
  },
  hold: {
    about: 'one environment holds 900 long polls: memory, idle processor, event to device, beside a floor',
    run: hold,
  },
  load: {
    about:
      'messages and logins a second of the local stack, one processor for it and two; --seconds; writes .local/bench-load.json',
    run: load,
  },
  price: {
    about: 'what an operation costs, an idle session-hour by how many a listener has, and a month; --seconds',
    run: price,
  },
  screens: {
    about: 'pictures of each state of the browser client, and what axe finds in them; writes .local/screens',
    run: screens,
  },
  soak: {
    about: '100 devices that talk for five minutes while parts of the service die: nothing lost or twice',
    run: soak,
  },
  'soak-synapse': {
    about: 'the same for two minutes before a real Matrix server, Synapse, which is killed, too; --runs devices',
    run: soakSynapse,
  },
  simulation: {
    about: '20,000 schedules of admission; --schedules or --seconds bounds them, --seed N plays one again; --upstream',
    run: simulationBench,
  },
  trips: {
    about:
      'round trips to the store and upstream that wait for each other, by operation; writes .local/bench-trips.json',
    run: trips,
  },
  web: {
    about: 'what the browser client weighs, and how soon it can be used, cold and from its service worker; --runs',
    run: web,
  },
  weight: {
    about: 'memory of npm start, and of the local stack with 200 sessions; --seconds; writes .local/bench-weight.json',
    run: weight,
  },
}

const HELP = `npm run bench -- NAME [--runs N] [--schedules N] [--seconds N] [--seed N] [--upstream ${SIMULATED_UPSTREAMS.join('|')}]

${Object.entries(BENCHES)
  .map(([name, { about }]) => `  ${name.padEnd(21)}${about}`)
  .join('\n')}
`

const toErrors = (line: string) => void process.stderr.write(`${line}\n`)

process.exitCode = await main(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`))

async function main(args: string[], print: (line: string) => void): Promise<number> {
  try {
    const text = { type: 'string' } as const
    const options = {
      runs: text,
      schedules: text,
      seconds: text,
      seed: text,
      upstream: text,
      help: { type: 'boolean' },
    } as const
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options })
    const bench = BENCHES[positionals[0] ?? '']
    if (values.help || bench === undefined || positionals.length > 1) return usage(values.help === true)
    const { runs, schedules, seconds, seed, upstream } = values
    const name = positionals[0] ?? ''
    const asked = {
      runs: whole('--runs', runs, 1),
      schedules: whole('--schedules', schedules, 1),
      seconds: whole('--seconds', seconds, 1),
      seed: whole('--seed', seed, 0),
      over: upstreamOf(upstream),
    }
    await runBench(name, bench, asked, { clock: wallClock, out: print, errors: toErrors })
    return 0
  } catch (thrown) {
    process.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
    return 1
  }
}

function whole(option: string, given: string | undefined, least: number): number | undefined {
  if (given === undefined) return undefined
  const value = Number(given)
  if (!Number.isSafeInteger(value) || value < least) throw new Error(`${option}: a whole number from ${least} up`)
  return value
}

function upstreamOf(given: string | undefined): SimulatedUpstream | undefined {
  const upstream = SIMULATED_UPSTREAMS.find((each) => each === given)
  if (given !== undefined && upstream === undefined)
    throw new Error(`--upstream: one of ${SIMULATED_UPSTREAMS.join(', ')}`)
  return upstream
}

function usage(asked: boolean): number {
  const out = asked ? process.stdout : process.stderr
  out.write(HELP)
  return asked ? 0 : 2
}
