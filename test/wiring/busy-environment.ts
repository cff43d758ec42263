import { readdirSync } from 'node:fs'
import { downstream } from '../../functions/wiring/downstream.ts'
import { configurationTable } from '../../functions/wiring/tables.ts'
import { upkeepStarter } from '../../functions/wiring/upkeep-starter.ts'
import { upstreamHere } from '../../functions/wiring/upstream.ts'
import { waker } from '../../functions/wiring/waker.ts'

/*
 * An environment of upkeep at its fullest, as a process of its own: it holds GETs, and then, on the order 'call', makes
 * more calls at once with each of its clients of AWS than the client has sockets. It says how many descriptors it has on
 * any other order.
 */

const GETS = 900
const CALLS = 200

const upstream = upstreamHere()
const table = configurationTable()
const connections = downstream()
const wake = waker()
const start = upkeepStarter()

const ignored = () => undefined

/** Again where a busy machine was too slow to connect. */
async function hold(number: number): Promise<void> {
  const { signal } = new AbortController()
  const state = { public: String(number), secret: 't' }
  await upstream.listen().next(state, '0.0', { active: true, signal }).catch(ignored)
  await hold(number)
}

function call(number: number): void {
  void table.get({ pk: `DEVICE#${number}`, sk: '-' }).catch(ignored)
  void connections.post(`connection-${number}`, 'text').catch(ignored)
  void wake({ device: 'd', session: 's', count: 1, since: 0 }).catch(ignored)
  void start({ group: number }).catch(ignored)
}

for (let number = 0; number < GETS; number++) void hold(number)

process.on('message', (order) => {
  if (order === 'call') for (let number = 0; number < CALLS; number++) call(number)
  else process.send?.({ open: readdirSync('/proc/self/fd').length })
})
