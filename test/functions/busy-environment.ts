import { readdirSync } from 'node:fs'
import { downstream } from '../../functions/parts/downstream.ts'
import { configurationTable } from '../../functions/parts/tables.ts'
import { upkeepStarter } from '../../functions/parts/upkeep-starter.ts'
import { upstream } from '../../functions/parts/upstream.ts'
import { waker } from '../../functions/parts/waker.ts'

/*
 * An environment of upkeep at its fullest, as a process of its own: it holds GETs, and each of its clients of AWS has more
 * calls under way than it has sockets. Says on request how many descriptors it has open, and how many of them are sockets.
 */

const GETS = 900
const CALLS = 200

const cwa = upstream()
const table = configurationTable()
const connections = downstream()
const wake = waker()
const start = upkeepStarter()

const ignored = () => undefined
const signal = new AbortController().signal
const known = { sid: '1', ticket: 't' }
for (let n = 0; n < GETS; n++) void cwa.poll(known, { ackId: 0, active: true, signal }).catch(ignored)
for (let n = 0; n < CALLS; n++) {
  void table.get({ pk: `DEVICE#${n}`, sk: '-' }).catch(ignored)
  void connections.post(`connection-${n}`, 'text').catch(ignored)
  void wake({ device: 'd', session: 's', count: 1, since: 0 }).catch(ignored)
  void start({ watch: n }).catch(ignored)
}

process.on('message', () => {
  const open = readdirSync('/proc/self/fd').length
  process.send?.({ open })
})
