import { execFileSync, spawnSync } from 'node:child_process'
import { hkdfSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { headerOf } from '../../shared/wire/frame-header.ts'
import { printFrame } from '../../shared/wire/frames.ts'
import { seal, unseal } from '../../functions/envelope/frame-seal.ts'
import { verdictOn } from '../../functions/envelope/token-verdict.ts'
import * as device from '../../shared/wire/seal.ts'
import { deviceToken, TOKEN_LIFE_S } from '../../shared/wire/token.ts'
import { newTransportKey, printTransportKey } from '../../shared/wire/transport-key.ts'
import { SESSION } from './sample-frames.ts'

/** Debian's own, which finds Debian's python3-jwcrypto. */
const PYTHON = '/usr/bin/python3'
const isThere = spawnSync(PYTHON, ['-c', 'import jwcrypto']).status === 0

const KEY = newTransportKey()
const UP = { device: 'ann-phone', direction: 'up', action: 'send', number: 1_764_000_000_000 } as const
const DOWN = { ...UP, direction: 'down' } as const
const TEXTS = [
  printFrame({ type: 'logout', session: SESSION }),
  printFrame({ type: 'login', user: 'CONTOSO\\ann', password: 'päßchen ☃ 🌍 "quoted" \\ \u0000' }),
  `{"text":"${'ha'.repeat(16_000)}"}`,
]

/** What jwcrypto answers to each of these. */
function jwcrypto(asked: readonly object[]): string[] {
  const input = asked.map((each) => JSON.stringify(each)).join('\n')
  const printed = execFileSync(PYTHON, ['test/wire/jwcrypto_peer.py'], { input, encoding: 'utf8' })
  return printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

const tokenKey = Buffer.from(hkdfSync('sha256', KEY, new Uint8Array(), 'device token', 32)).toString('base64url')
const key = printTransportKey(KEY)

describe.skipIf(!isThere)('another JOSE implementation (skipped where there is no python3-jwcrypto)', () => {
  it('opens what is sealed here', async () => {
    const byDevices = await Promise.all(TEXTS.map((text) => device.seal(text, UP, KEY)))
    const frames = [...byDevices, ...TEXTS.map((text) => seal(text, UP, KEY))]
    expect(jwcrypto(frames.map((frame) => ({ do: 'open', frame, key })))).toEqual([...TEXTS, ...TEXTS])
  })

  it('seals what is opened here', async () => {
    const header = JSON.stringify(headerOf(DOWN))
    const frames = jwcrypto(TEXTS.map((text) => ({ do: 'seal', text, header, key })))
    const place = { device: 'ann-phone', direction: 'down' } as const
    expect(frames.map((frame) => unseal(frame, place, KEY).text)).toEqual(TEXTS)
    const byDevice = await Promise.all(frames.map((frame) => device.unseal(frame, place, KEY)))
    expect(byDevice.map(({ text }) => text)).toEqual(TEXTS)
  })

  it('does not seal what is opened here with other algorithms, though the key is right', async () => {
    const headers = [{ enc: 'A256CBC-HS512' }, { alg: 'A256GCMKW' }, { alg: 'dir' }, { zip: undefined }].map((other) =>
      JSON.stringify({ ...headerOf(DOWN), ...other }),
    )
    const frames = jwcrypto(headers.map((header) => ({ do: 'seal', text: TEXTS[0], header, key })))
    expect(frames).toHaveLength(4)
    for (const frame of frames) {
      const open = async () => unseal(frame, { device: 'ann-phone', direction: 'down' }, KEY)
      await expect(open()).rejects.toMatchObject({
        code: 'not-for-you',
      })
    }
  })

  it('reads the token that is made here, and makes one that is genuine here', async () => {
    const now = 1_800_000_000_000
    const iat = now / 1_000
    const audience = 'abc123/live'
    const claims = { sub: 'ann-phone', aud: audience, iat, exp: iat + TOKEN_LIFE_S }
    const token = await deviceToken({ device: 'ann-phone', audience }, KEY, now)
    const header = JSON.stringify({ alg: 'HS256', kid: 'ann-phone' })
    const [read = '', made = ''] = jwcrypto([
      { do: 'verify', token, key: tokenKey },
      { do: 'sign', claims: JSON.stringify(claims), header, key: tokenKey },
    ])
    expect(JSON.parse(read)).toEqual(claims)
    expect(verdictOn(made, { device: 'ann-phone', audiences: [audience] }, KEY, now)).toEqual({ genuine: true })
  })
})
