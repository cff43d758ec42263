import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { md4 } from '../../shared/cwa/ntlm/md4.ts'
import { ntHash, ntHashV2, rc4, sessionBaseKey } from '../../shared/cwa/ntlm/ntlm-hash.ts'
import { AV, FLAGS, parseAuthenticate, printAvPairs, printChallenge } from '../../shared/cwa/ntlm/ntlm-messages.ts'
import type { AuthenticateOptions, ChallengeOptions, VerifyOptions } from '../../shared/cwa/ntlm/ntlm.ts'
import { authenticate, challenge, negotiate, verify } from '../../shared/cwa/ntlm/ntlm.ts'
import { runs } from './fuzz.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le')

describe('MD4', () => {
  // RFC 1320, appendix A.5.
  test.each([
    ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
    ['a', 'bde52cb31de33e46245e05fbdbd6fb24'],
    ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
    ['message digest', 'd9130a8164549fe818874806e1c7014b'],
    ['abcdefghijklmnopqrstuvwxyz', 'd79e1c308aa5bbcdeea8ed63df412da9'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', '043f8582f241db351ce627e153e7f0e4'],
    ['1234567890'.repeat(8), 'e33b4ddc9c38f2199c3e7b164fcc0536'],
  ])('of %j is that of RFC 1320', (text, digest) => {
    expect(md4(Buffer.from(text)).toString('hex')).toBe(digest)
  })
})

describe('the example of MS-NLMP 4.2.4', () => {
  const key = ntHashV2(ntHash('Password'), 'User', 'Domain')
  const message = authenticate({
    challenge: printChallenge({
      flags: FLAGS.unicode | FLAGS.ntlm | FLAGS.extendedSessionSecurity | FLAGS.targetInfo,
      serverChallenge: hex('0123456789abcdef'),
      targetName: utf16('Server'),
      targetInfo: printAvPairs(
        new Map([
          [AV.netbiosDomain, utf16('Domain')],
          [AV.netbiosComputer, utf16('Server')],
        ]),
      ),
    }),
    negotiateMessage: negotiate(),
    user: 'User',
    domain: 'Domain',
    password: 'Password',
    // The example's time is 0, which is 1601.
    now: -11_644_473_600_000,
    random: (bytes) => Buffer.alloc(bytes, 0xaa),
  })
  const { lmResponse, ntResponse } = parseAuthenticate(message)

  test('has our NTOWFv1 and NTOWFv2', () => {
    expect(ntHash('Password').toString('hex')).toBe('a4f49c406510bdcab6824ee7c30fd852')
    expect(key.toString('hex')).toBe('0c868a403bfd7a93a3001ef22ef02e3f')
  })

  test('has our proof, LMv2 response and session key', () => {
    const proof = Buffer.from(ntResponse.subarray(0, 16))
    expect(proof.toString('hex')).toBe('68cd0ab851e51c96aabc927bebef6a1c')
    expect(Buffer.from(lmResponse).toString('hex')).toBe('86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa')
    expect(sessionBaseKey(key, proof).toString('hex')).toBe('8de40ccadbc14a82f15cb0ad0de95ca3')
  })

  test('has our RC4 of the exchanged key', () => {
    const encrypted = rc4(hex('8de40ccadbc14a82f15cb0ad0de95ca3'), Buffer.alloc(16, 0x55))
    expect(encrypted.toString('hex')).toBe('c5dad2544fc9799094ce1ce90bc9d03e')
  })
})

const NOW = Date.UTC(2026, 0, 1)
const SERVER = { netbiosDomain: 'CONTOSO', netbiosComputer: 'CWA1', dnsDomain: 'contoso.test', now: NOW }

interface Changes {
  readonly server?: Partial<ChallengeOptions>
  readonly client?: Partial<AuthenticateOptions>
  readonly verdict?: Partial<VerifyOptions>
  readonly tamper?: (message: Buffer) => unknown
}

/** One handshake between our two ends. The server knows CONTOSO\ann, whose password is `pässword`. */
function handshake({ server, client, verdict, tamper }: Changes = {}) {
  const negotiateMessage = negotiate()
  const { now: time, ...rest } = { ...SERVER, ...server }
  const challengeMessage = challenge({ negotiateMessage, ...rest, ...(time !== undefined && { now: time }) })
  const authenticateMessage = authenticate({
    challenge: challengeMessage,
    negotiateMessage,
    user: 'ann',
    domain: 'CONTOSO',
    password: 'pässword',
    now: NOW,
    ...client,
  })
  tamper?.(authenticateMessage)
  return verify({
    negotiateMessage,
    challengeMessage,
    authenticateMessage,
    ntHashOf: ({ user }) => (user.toLowerCase() === 'ann' ? ntHash('pässword') : undefined),
    now: NOW,
    ...verdict,
  })
}

const { now: _, ...WITHOUT_TIME } = SERVER

describe('a handshake', () => {
  test('is accepted with a MIC when the server says its time', () => {
    expect(handshake()).toMatchObject({ accepted: true, user: 'ann', domain: 'CONTOSO', mic: true, bound: false })
  })

  test("takes the server's time, so that our clock need not be right", () => {
    expect(handshake({ client: { now: 0 } })).toMatchObject({ accepted: true })
  })

  test('is accepted without a MIC, and with our time, when the server says none', () => {
    const negotiateMessage = negotiate()
    const challengeMessage = challenge({ negotiateMessage, ...WITHOUT_TIME })
    const client = { challenge: challengeMessage, negotiateMessage, user: 'ann', domain: '', password: 'secret' }
    const judge = (now: number) =>
      verify({
        negotiateMessage,
        challengeMessage,
        authenticateMessage: authenticate({ ...client, now: NOW }),
        ntHashOf: () => ntHash('secret'),
        now,
      })
    expect(judge(NOW)).toMatchObject({ accepted: true, mic: false })
    expect(judge(NOW + 31 * 60_000)).toMatchObject({ accepted: false, reason: expect.stringContaining('clocks') })
  })

  test('takes a user name in any case, and one that is not ASCII', () => {
    expect(handshake({ client: { user: 'ANN' } })).toMatchObject({ accepted: true })
    expect(
      handshake({ client: { user: 'jürgen straße' }, verdict: { ntHashOf: () => ntHash('pässword') } }),
    ).toMatchObject({
      accepted: true,
      user: 'jürgen straße',
    })
  })

  test('is refused for a wrong password and an unknown user, in the same words', () => {
    const refused = { accepted: false, reason: 'user name or password is wrong' }
    expect(handshake({ client: { password: 'password' } })).toEqual(refused)
    expect(handshake({ client: { user: 'bob' } })).toEqual(refused)
  })

  test('is refused when the domain is not the one the proof is about', () => {
    expect(
      handshake({ tamper: (message) => message.write('x', message.indexOf(utf16('CONTOSO')), 'utf16le') }),
    ).toMatchObject({ accepted: false })
  })

  test.each([
    ['flags', 60],
    ['MIC', 72],
    ['proof', -40],
  ])('is refused when a bit of the %s is flipped', (_part, at) => {
    const tamper = (message: Buffer) => {
      const index = at < 0 ? message.length + at : at
      message.writeUInt8(message.readUInt8(index) ^ 0x10, index)
    }
    expect(handshake({ tamper })).toMatchObject({ accepted: false })
  })

  test('is refused when the client answers with NTLMv1', () => {
    expect(handshake({ tamper: (message) => message.writeUInt16LE(24, 20) })).toEqual({
      accepted: false,
      reason: 'the client sent less than NTLMv2',
    })
  })

  test('binds to the channel', () => {
    const token = Buffer.from('tls-server-end-point:1234')
    const required = { channelBindings: token, requireBindings: true }
    const client = { channelBindings: token }
    expect(handshake({ client, verdict: required })).toMatchObject({ accepted: true, bound: true })
    expect(handshake({ verdict: required })).toMatchObject({ accepted: false })
    const other = { channelBindings: Buffer.from('tls-server-end-point:5678') }
    expect(handshake({ client: other, verdict: { channelBindings: token } })).toMatchObject({ accepted: false })
  })

  test('differs from noise: no message is accepted, none crashes the server', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        let same = false
        const tamper = (message: Buffer) => {
          const before = Buffer.from(message)
          message.set(noise.subarray(0, message.length - 12), 12)
          same = before.equals(message)
        }
        const verdict = handshake({ tamper })
        fc.pre(!same)
        expect(verdict).toMatchObject({ accepted: false })
      }),
      runs(200),
    )
  })
})

/** Answering a challenge with these flags. */
const challenged = (flags: number) => () =>
  authenticate({
    challenge: printChallenge({
      flags,
      serverChallenge: Buffer.alloc(8),
      targetName: utf16('X'),
      targetInfo: printAvPairs(new Map()),
    }),
    negotiateMessage: negotiate(),
    user: 'ann',
    domain: '',
    password: 'secret',
    now: NOW,
  })

describe('the client', () => {
  test.each([
    ['target information', FLAGS.unicode | FLAGS.extendedSessionSecurity],
    ['Unicode', FLAGS.targetInfo | FLAGS.extendedSessionSecurity],
  ])('sends nothing to a server that offers no %s', (_name, flags) => {
    expect(challenged(flags)).toThrow('less than NTLMv2')
  })

  test('answers a challenge without extended session security, and is accepted', () => {
    const negotiateMessage = negotiate()
    const challengeMessage = challenge({ negotiateMessage, ...SERVER })
    challengeMessage.writeUInt32LE((challengeMessage.readUInt32LE(20) & ~FLAGS.extendedSessionSecurity) >>> 0, 20)
    const options = { negotiateMessage, user: 'ann', domain: 'CONTOSO', password: 'secret', now: NOW }
    const authenticateMessage = authenticate({ ...options, challenge: challengeMessage })

    expect(parseAuthenticate(authenticateMessage).flags & FLAGS.extendedSessionSecurity).toBe(0)
    expect(
      verify({ negotiateMessage, challengeMessage, authenticateMessage, ntHashOf: () => ntHash('secret'), now: NOW }),
    ).toMatchObject({ accepted: true, mic: true })
  })

  test('sends nothing to a server whose challenge is cut off or no NTLM at all', () => {
    const whole = challenge({ negotiateMessage: negotiate(), ...SERVER })
    const options = { negotiateMessage: negotiate(), user: 'ann', domain: '', password: 'secret', now: NOW }
    for (const length of [0, 8, 31, 56, 80, whole.length - 1]) {
      expect(() => authenticate({ ...options, challenge: whole.subarray(0, length) })).toThrow(/NTLM/)
    }
    expect(() => authenticate({ ...options, challenge: Buffer.alloc(100_000) })).toThrow(/NTLM/)
  })

  test('does not send what would identify the password: a different proof each time', () => {
    const negotiateMessage = negotiate()
    const options = {
      challenge: challenge({ negotiateMessage, ...SERVER }),
      negotiateMessage,
      user: 'ann',
      domain: '',
      password: 'secret',
      now: NOW,
    }
    expect(authenticate(options)).not.toEqual(authenticate(options))
  })
})

describe('the server', () => {
  test('answers a client without Unicode in its own character set', () => {
    const oem = Buffer.from(negotiate().subarray(0, 16))
    oem.writeUInt32LE((FLAGS.oem | FLAGS.ntlm | FLAGS.extendedSessionSecurity) >>> 0, 12)
    const message = challenge({ negotiateMessage: oem, ...SERVER })
    expect(message.readUInt32LE(20) & (FLAGS.oem | FLAGS.unicode)).toBe(FLAGS.oem)
    expect(message.subarray(56, 63).toString('latin1')).toBe('CONTOSO')
  })
})
