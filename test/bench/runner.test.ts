import { describe, expect, it } from 'vitest'
import { runs } from '../cwa/fuzz.ts'
import { testClock } from '../kit/clock.ts'
import { admissionBench } from './admission.ts'
import { deliverySimulation } from './delivery-simulation.ts'
import { shareMs } from './fuzz.ts'
import { runBench } from './runner.ts'
import { simulationBench } from './simulation.ts'

/** A benchmark by the runner, on a clock that is moved by hand, and what was said. */
function started(run: Parameters<typeof runBench>[1]['run'], seconds?: number) {
  const clock = testClock()
  const [out, errors]: [string[], string[]] = [[], []]
  const parts = { clock, out: (line: string) => out.push(line), errors: (line: string) => errors.push(line) }
  return { clock, out, errors, done: runBench('some', { run }, { runs: undefined, seconds }, parts) }
}

describe('a benchmark', () => {
  it('reports every ten seconds while it runs, and no longer', async () => {
    const end = Promise.withResolvers<void>()
    const { clock, errors, done } = started(async ({ print }) => {
      await end.promise
      print('some: 5')
    }, 60)
    clock.advance(9_999)
    expect(errors).toEqual([])
    clock.advance(10_001)
    expect(errors).toEqual(['some: running, 10 s of 60 s asked for', 'some: running, 20 s of 60 s asked for'])
    end.resolve()
    await done
    expect(clock.waiting()).toBe(0)
  })

  it('ends with the one line that has its name, or fails', async () => {
    const { out, done } = started(async ({ print }) => ['a table', 'some: 5'].forEach(print))
    await done
    expect(out).toEqual(['a table', 'some: 5'])
    await expect(started(async ({ print }) => print('a table')).done).rejects.toThrow('without its line of figures')
    await expect(started(() => Promise.reject(new Error('too slow'))).done).rejects.toThrow('too slow')
  })
})

describe('--seconds', () => {
  it('is shared by the properties of fuzz, each of which ends with its share', () => {
    expect(shareMs(60)).toBeLessThanOrEqual(60_000 / 8)
    expect(shareMs(1)).toBeGreaterThan(0)
    process.env['FUZZ_MS'] = '250'
    expect(runs(300)).toEqual({ numRuns: 300, interruptAfterTimeLimit: 250 })
    process.env['FUZZ_MS'] = 'soon'
    expect(() => runs(300)).toThrow('FUZZ_MS=soon')
    delete process.env['FUZZ_MS']
    expect(runs(300)).toEqual({ numRuns: 300 })
  })

  it.each([
    ['admission', admissionBench],
    ['simulation', simulationBench],
    ['delivery-simulation', deliverySimulation],
  ] as const)('ends %s before all that it would do otherwise, with its line', async (name, run) => {
    const lines: string[] = []
    await run({ runs: undefined, seconds: 1, print: (line) => lines.push(line) })
    expect(lines.at(-1)).toMatch(new RegExp(`^${name}: `))
    // All of it is 12 fills of up to 10,000 seats and 27 rounds, or 20,000 schedules.
    expect(lines.length).toBeLessThan(19)
  })
})
