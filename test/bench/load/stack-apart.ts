import { seal, unseal } from '../../../functions/envelope/frame-seal.ts'
import { device, type Device } from '../../../shared/device/device.ts'
import type { Sealing } from '../../../shared/wire/seal.ts'
import { SPARING, SPARING_FLAGS } from '../../../infra/local/sparing.ts'
import { measured } from '../measured.ts'
import type { Taken } from '../own-process.ts'

/** What a stack in a process of its own says of itself. */
export interface Apart {
  readonly url: string
  readonly members: readonly MemberApart[]
}

/** Somebody who may log in there. `transportKey`: base64url. */
export interface MemberApart {
  readonly uri: string
  readonly device: string
  readonly login: string
  readonly password: string
  readonly transportKey: string
}

/** The local stack in a process of its own, so that what it takes is its own: the devices are in this process. */
export interface StackApart extends Apart {
  readonly taken: () => Promise<Taken>
  /** How many environments its functions have. */
  readonly environments: () => Promise<number>
  readonly stop: () => Promise<void>
}

/** @param processor the one that it may use, from 0 up; absent: any */
export async function stackApart(count: number, processor?: number): Promise<StackApart> {
  const { PATH = '', HOME = '', TMPDIR } = process.env
  const own = measured({
    module: './load/stack-process.ts',
    args: [String(count)],
    execArgv: SPARING_FLAGS,
    variables: { ...SPARING, PATH, HOME, ...(TMPDIR !== undefined && { TMPDIR }) },
    ...(processor !== undefined && { processor }),
  })
  const stop = async () => {
    await own.act('stop').catch(() => {})
    await own.stop()
  }
  try {
    const said: Apart = JSON.parse(await own.act('say'))
    return { ...said, taken: own.taken, environments: async () => Number(await own.act('environments')), stop }
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

export function deviceOf({ url }: Pick<Apart, 'url'>, member: MemberApart): Device {
  const transportKey = Buffer.from(member.transportKey, 'base64url')
  // As the functions do: what is measured is the stack, beside which the devices are to take little of the processor.
  const sealing: Sealing = {
    seal: async (text, binding) => seal(text, binding, transportKey),
    unseal: async (frame, place) => unseal(frame, place, transportKey),
  }
  return device({ url, device: member.device, transportKey, sealing })
}

export async function entered(apart: Pick<Apart, 'url'>, member: MemberApart): Promise<Device> {
  const own = deviceOf(apart, member)
  await own.login(member.login, member.password)
  return own
}
