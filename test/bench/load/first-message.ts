import type { Device } from '../../../shared/device/device.ts'
import type { BenchOptions } from '../bench.ts'
import { inWords, latencies } from '../latency.ts'
import { pause } from '../talker.ts'
import { shown } from './conversation.ts'
import { entered, stackApart, type MemberApart, type StackApart } from './stack-apart.ts'
import { written } from './written.ts'

const RUNS = 60
/** What is meant at most at the median, in milliseconds. */
const MEANT_MS = 300
/** Logins come at any moment of a listener's round: as many milliseconds apart at most, by chance. */
const APART_MS = 600

/**
 * How soon a message reaches somebody who has just logged in: another device sends it at once when the login is accepted,
 * in a stack that listens for others already. It is an invitation with its first words, as a conversation begins.
 */
export async function firstMessage({ runs = RUNS, print }: BenchOptions): Promise<void> {
  const stack = await stackApart(2)
  const [sender, member] = stack.members
  if (sender === undefined || member === undefined) throw new Error('first-message: the stack has no users')
  const other = await entered(stack, sender)
  try {
    const times: number[] = []
    for (let run = 0; run < runs; run += 1) {
      times.push(await oneLogin(stack, member, other, `Hello ${run}`))
      await pause(Math.random() * APART_MS)
    }
    const latency = latencies(times)
    await written('first-message', { meant: { p50: MEANT_MS }, latency })
    print(`first-message: from accepted to shown ${inWords(latency)} (meant: p50 ${MEANT_MS} ms)`)
  } finally {
    other.close()
    await stack.stop()
  }
}

async function oneLogin(stack: StackApart, member: MemberApart, other: Device, text: string): Promise<number> {
  const own = await entered(stack, member)
  const acceptedAt = performance.now()
  const arrived = shown(own, 'invitation', (event) => event.text === text).then(() => performance.now() - acceptedAt)
  await other.send({ kind: 'start', to: [member.uri], text })
  const took = await arrived
  await own.logout()
  return took
}
