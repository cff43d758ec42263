import { wallClock } from '../../../shared/clock.ts'
import { timeByHttp } from '../../../shared/device/service-clock.ts'
import { ifPageIsClosed } from '../app/one-tab.ts'
import { openDatabase } from '../kept/database.ts'
import { keeper } from '../kept/keeper.ts'
import { fetched } from './fetching.ts'
import type { PushedParts } from './pushed.ts'

/** Longest time to fetch what waits, in milliseconds: browsers give a worker some 30 s for a push. */
const FETCH_MS = 10_000

/** What a push is heard with, in this browser: what the page left here. */
export function pageLeft({ origin }: Pick<Location, 'origin'>): PushedParts {
  const { now, after } = wallClock
  const options = { clock: wallClock, serviceTime: () => timeByHttp(origin), withinMs: FETCH_MS }
  return {
    settings: async () => keeper(await openDatabase()).notices(),
    fetch: (also) =>
      ifPageIsClosed(async () => fetched({ ...options, ...(also && { also }), database: await openDatabase() })),
    now,
    wait: (ms) => new Promise((resolve) => void after(ms, resolve)),
  }
}
