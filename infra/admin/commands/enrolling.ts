import { renderUnicodeCompact } from 'uqr'
import type { Offer } from '../../../shared/store/configuration/enrolment.ts'
import {
  codeKeys,
  enrolmentLink,
  newEnrolmentCode,
  printEnrolmentCode,
  type EnrolmentCode,
} from '../../../shared/wire/enrolment.ts'
import { newTransportKey, printTransportKey } from '../../../shared/wire/transport-key.ts'
import type { AdminContext } from '../context.ts'
import { deviceId } from '../words/device-id.ts'
import { DURATION_WORDS, parseDuration, roughly } from '../words/duration.ts'
import { AdminFault, wrongUse } from '../fault.ts'
import { secretFile } from '../words/key-file.ts'
import { userName } from '../words/user-name.ts'

/** `--json` of `devices enroll` and `devices rotate`. The code is here once, or in the file. */
export interface CodeGiven {
  readonly device: string
  readonly user?: string
  /** Epoch milliseconds. */
  readonly validUntil: number
  readonly code?: string
  /** Sets up the browser in which it is opened, where the stack serves the page; the code is in it. */
  readonly link?: string
  readonly file?: string
}

export interface CodeOptions {
  readonly valid: string
  readonly out?: string
}

/** How long a code may be valid, in milliseconds: long enough to be typed, and no longer than a day's work. */
const VALID_MS = { least: 60_000, most: 24 * 60 * 60_000 } as const
export const VALID_DEFAULT = '15m'

/** Makes a device that waits for its key, and the code by which it comes for it. */
export async function enrollDevice(
  context: AdminContext,
  name: string,
  options: CodeOptions & { id?: string },
): Promise<void> {
  const user = userName(name)
  const device = deviceId(options.id ?? idFor(user))
  await given(context, device, options, async (offer) => {
    if (!(await context.enrolments.add(device, offer, user))) {
      throw new AdminFault(`device ${device} is there already: devices rotate gives it a new key, --id another name`)
    }
    return { user }
  })
}

/** A new key for a device that there is: by a new code. Until that is redeemed, the device goes on with the key it has. */
export async function rotateDevice(context: AdminContext, id: string, options: CodeOptions): Promise<void> {
  const device = deviceId(id)
  await given(context, device, options, async (offer) => {
    const done = await context.enrolments.offer(device, offer)
    if (done === 'unknown') throw new AdminFault(`device ${device} is not known: devices list shows which there are`)
    if (done === 'revoked') throw new AdminFault(`${device} is revoked, and stays so: devices enroll makes another one`)
    return {}
  })
}

async function given(
  { target, out, clock }: AdminContext,
  device: string,
  { valid, out: path }: CodeOptions,
  give: (offer: Offer) => Promise<{ readonly user?: string }>,
): Promise<void> {
  const validMs = validFor(valid)
  const code = newEnrolmentCode(device)
  const text = printEnrolmentCode(code)
  const { url, page } = target
  const link = page === undefined ? {} : { link: enrolmentLink(page, text) }
  const takeAway = path === undefined ? () => {} : secretFile(path, { url, code: text })
  try {
    const validUntil = clock.now() + validMs
    const whose = await give(await offerFor(code, validUntil))
    const secret = path === undefined ? { code: text, ...link } : { file: path }
    const value: CodeGiven = { device, ...whose, validUntil, ...secret }
    out.result(value, path === undefined ? shown({ code: text, url, ...link }, out.terminal) : written(device, path))
    out.note(`good for one use, within ${roughly(validMs)}; it is shown nowhere else`)
  } catch (thrown) {
    takeAway()
    throw thrown
  }
}

async function offerFor(code: EnrolmentCode, until: number): Promise<Offer> {
  const { id, key } = await codeKeys(code)
  return { id, key: printTransportKey(key), transportKey: printTransportKey(newTransportKey()), until }
}

function written(device: string, path: string): string[] {
  return [
    `${device}: its enrolment code is in ${path}`,
    `redeem it: npm run chat -- --enroll-file ${path} --device FILE`,
  ]
}

/** The code, to be typed, opened or scanned. */
function shown({ code, url, link }: { code: string; url: string; link?: string }, terminal: boolean): string[] {
  const words = [
    code,
    `redeem it: npm run chat -- --enroll ${code} --url ${url} --device FILE`,
    ...(link === undefined ? [] : [`or, in a browser: ${link}`]),
  ]
  return terminal ? [...words, '', ...qrCode(code, url)] : words
}

/** What PROTOCOL.md says that a QR code holds, two rows of it to a line. */
export function qrCode(code: string, url: string): string[] {
  const uri = `collaboration:enroll?url=${encodeURIComponent(url)}&code=${encodeURIComponent(code)}`
  return renderUnicodeCompact(uri, { border: 2 }).split('\n')
}

function validFor(text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined && ms >= VALID_MS.least && ms <= VALID_MS.most) return ms
  throw wrongUse(`--valid ${text}: accepted is ${DURATION_WORDS}, from 1m to 24h`)
}

/** A name for a device of this user that is free yet: `ann-` and four characters. */
function idFor(user: string): string {
  const name = user
    .replace(/^.*\\/, '')
    .replace(/@.*$/, '')
    .toLowerCase()
    .replaceAll(/[^\w.-]/g, '-')
    .slice(0, 32)
  const characters = 'abcdefghjkmnpqrstvwxyz0123456789'
  const random = Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => characters[byte % 32])
  return `${name}-${random.join('')}`
}
