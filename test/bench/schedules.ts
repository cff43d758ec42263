import { Violation } from '../kit/simulation/simulation.ts'
import type { BenchOptions, SimulatedUpstream } from './bench.ts'

const SCHEDULES = 20_000
/** How often it reports how far it is. */
const REPORTED_EVERY = 1_000

export interface Playing<Figure extends string> extends Pick<BenchOptions, 'schedules' | 'seconds' | 'seed' | 'print'> {
  /** As `npm run bench` names it. */
  readonly bench: string
  readonly upstream: SimulatedUpstream
  /** The seed of the first schedule; each other one has the next. */
  readonly first: number
  /** What is added up of each schedule. */
  readonly figures: readonly Figure[]
  readonly play: (seed: number) => Promise<Readonly<Record<Figure | 'steps', number>>>
}

/**
 * Plays schedules one after the other: the one of a seed, or as many as were asked for or as the time allows.
 *
 * @returns how many there were, what they come to, and the seconds that they took
 * @throws Error at the first invariant that does not hold, with what happened and how to replay it
 */
export async function playedAll<Figure extends string>(playing: Playing<Figure>) {
  const { schedules, seconds, seed: only, first, figures, print } = playing
  const most = only !== undefined ? 1 : (schedules ?? (seconds === undefined ? SCHEDULES : Infinity))
  const began = Date.now()
  const until = seconds === undefined ? Infinity : began + seconds * 1_000
  const sums = new Map<Figure | 'steps', number>()
  let played = 0
  for (; played < most && Date.now() < until; played += 1) {
    const one = await playedOne(only ?? first + played, playing)
    for (const figure of ['steps', ...figures] as const) sums.set(figure, (sums.get(figure) ?? 0) + one[figure])
    if (played > 0 && played % REPORTED_EVERY === 0) print(`${played} schedules, ${sums.get('steps')} steps`)
  }
  const sumOf = (figure: Figure | 'steps') => sums.get(figure) ?? 0
  return { played, sumOf, seconds: Math.round((Date.now() - began) / 1_000) }
}

async function playedOne<Figure extends string>(seed: number, { bench, upstream, play }: Playing<Figure>) {
  try {
    return await play(seed)
  } catch (thrown) {
    if (!(thrown instanceof Violation)) throw thrown
    const replay = `npm run bench -- ${bench} --seed ${seed} --upstream ${upstream}`
    throw new Error(`${thrown.trace.join('\n')}\n${thrown.message}\nreplay it: ${replay}`, { cause: thrown })
  }
}
