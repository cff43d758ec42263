import { createHmac, hkdfSync } from 'node:crypto'
import { constants, deflateRawSync } from 'node:zlib'
import * as fc from 'fast-check'
import { CompactEncrypt } from 'jose'
import type { RefusalCode } from '../../shared/rules/refusal.ts'
import { ACTIONS, type Action } from '../../shared/wire/actions.ts'
import { headerOf } from '../../shared/wire/frame-header.ts'
import { handMadeFrame } from '../kit/hand-made-frame.ts'
import { deviceFrames } from './sample-frames.ts'

/** Whom hostile input is about: Ann's device, over whose connection it comes, and what else there is. */
export interface Scene {
  readonly device: string
  readonly key: Uint8Array
  readonly session: string
  readonly otherDevice: string
  readonly otherKey: Uint8Array
  readonly otherSession: string
  /** A device that waits, as it connects to redeem its code; the key is the code's. */
  readonly redeemer: { readonly device: string; readonly key: Uint8Array }
  /** The claim that the redeemer's name is of. */
  readonly claim: string
  /** The number of the last frame that was heard; the next one's is higher. */
  readonly heard: number
  /** The number of the last send. */
  readonly sent: number
  readonly audience: string
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** A message that comes to the route of an action, and what may be answered. */
export interface Hostile {
  /** For people: what was done to it. */
  readonly what: string
  readonly action: Action
  /** Over whose connection it comes: that of Ann's device, or of the one that waits. */
  readonly from: 'device' | 'redeemer'
  readonly body: (scene: Scene) => Promise<string> | string
  readonly answers: readonly RefusalCode[]
}

const NOT_FOR_YOU = ['not-for-you'] as const
const anyAction = fc.constantFrom(...ACTIONS)
const OF_A_DEVICE = fc.constantFrom(...ACTIONS.filter((action) => action !== 'enroll'))
const OF_A_REDEEMER = fc.constant('enroll' as const)

/** Hostile input to some of the actions, whichever sender it comes from. */
type To = (actions: fc.Arbitrary<Action>) => fc.Arbitrary<Unsent>
type Unsent = Omit<Hostile, 'from'>
const MB = 1024 * 1024
const BOMBS = [2, 24].map((mb) => {
  const piece = deflateRawSync(Buffer.alloc(MB), { finishFlush: constants.Z_FULL_FLUSH })
  return Buffer.concat([...Array.from({ length: mb - 1 }, () => piece), deflateRawSync(Buffer.alloc(MB))])
})

/** A frame that would be taken, were it not for what is done to it. */
function valid(action: Action, { session, sent, claim }: Scene): Record<string, unknown> {
  const said = {
    login: { user: 'CONTOSO\\ann', password: 'correct horse' },
    send: { session, number: sent + 1, ack: 0, command: { kind: 'typing', conversation: '1', typing: true } },
    poll: { session, after: 0 },
    status: { session, ack: 0, active: true, answer: true },
    logout: { session },
    enroll: { claim },
    subscribe: { endpoint: 'https://push.contoso.test/a' },
  }
  return { type: action, ...said[action] }
}

function bound(action: Action, { device, heard }: Scene) {
  return headerOf({ device, direction: 'up', action, number: heard + 1 })
}

const message = (action: string, frame: unknown) => JSON.stringify({ action, frame })
const json = (value: unknown) => JSON.stringify(value)

/** The frame with this header's text, and this inside; all else is as it must be. */
function made(action: Action, scene: Scene, header: string, inside: string | Buffer, compressed?: Buffer): string {
  const frame = handMadeFrame({ header, key: scene.key, inside, ...(compressed && { compressed }) })
  return message(action, frame)
}

const wrongValues = fc.oneof(
  fc.constantFrom<unknown>(null, true, '', 'none', 'dir', 'A128KW', 'A256GCMKW', 'PBES2-HS512+A256KW', 'A128GCM', 'GZ'),
  fc.constantFrom<unknown>('down', 'push', 'bob-phone', 'ann-phone\u0000', 'ANN-PHONE', -1, 7.5, '7', 2 ** 53, [], {}),
  fc.string({ maxLength: 20 }).map((text) => `x${text}`),
  fc.array(fc.constantFrom('up', 'send', 'A256KW'), { maxLength: 2 }),
)
const headerMembers = fc.constantFrom('alg', 'enc', 'zip', 'kid', 'dir', 'act', 'num')

/** Every member of the header, with another value, none, or twice; and members that there are not. */
const headers: To = (actions) =>
  fc
    .record({
      action: actions,
      member: headerMembers,
      value: wrongValues,
      how: fc.constantFrom('other', 'missing', 'twice', 'beside', 'noise'),
      extra: fc.constantFrom(
        'crit',
        'p2c',
        'p2s',
        'jku',
        'jwk',
        'x5u',
        'epk',
        'typ',
        'cty',
        '__proto__',
        'constructor',
      ),
      // Signed: its sender has the key. Else it is put before what was signed.
      signed: fc.boolean(),
    })
    .map(({ action, member, value, how, extra, signed }) => ({
      what: `header: ${member} ${how} ${extra} ${json(value)}${signed ? '' : ', unsigned'}`,
      action,
      answers: NOT_FOR_YOU,
      body: (scene) => {
        const right: Record<string, unknown> = bound(action, scene)
        const text = json(right)
        const headersOf = {
          other: json({ ...right, [member]: value }),
          missing: json({ ...right, [member]: undefined }),
          twice: text.replace('{', `{"${member}":${json(value)},`),
          beside: text.replace('}', `,"${extra}":${json(value)}}`),
          noise: `${text.slice(0, 9)}\u0000${text.slice(9)}`,
        }
        if (signed) return made(action, scene, headersOf[how], json(valid(action, scene)))
        const whole = handMadeFrame({ header: text, key: scene.key, inside: json(valid(action, scene)) })
        return message(
          action,
          [Buffer.from(headersOf[how]).toString('base64url'), ...whole.split('.').slice(1)].join('.'),
        )
      },
    }))

/** The library's own frames, with every other algorithm that this key serves. */
const algorithms: To = (actions) =>
  fc
    .record({
      action: actions,
      alg: fc.constantFrom('dir', 'A256GCMKW', 'A256KW', 'PBES2-HS256+A128KW'),
      enc: fc.constantFrom('A256GCM', 'A128GCM', 'A192GCM', 'A256CBC-HS512', 'A128CBC-HS256'),
      zip: fc.boolean(),
    })
    .filter(
      ({ alg, enc, zip }) => !(alg === 'A256KW' && enc === 'A256GCM' && zip) && !(alg === 'dir' && enc !== 'A256GCM'),
    )
    .map(({ action, alg, enc, zip }) => ({
      what: `algorithms: ${alg} ${enc} ${zip ? 'DEF' : ''}`,
      action,
      answers: NOT_FOR_YOU,
      body: async (scene) => {
        const { zip: _, ...right } = bound(action, scene)
        const sealing = new CompactEncrypt(Buffer.from(json(valid(action, scene)))).setProtectedHeader({
          ...right,
          alg,
          enc,
          ...(zip && { zip: 'DEF' }),
        })
        if (alg.startsWith('PBES2')) sealing.setKeyManagementParameters({ p2c: 1_000 })
        return message(action, await sealing.encrypt(scene.key))
      },
    }))

/** Somebody else's frames, and frames of other places. */
const strangers: To = (actions) =>
  fc
    .record({
      action: actions,
      other: anyAction,
      how: fc.constantFrom('key', 'device', 'both', 'down', 'moved', 'random'),
    })
    .map(({ action, other, how }) => ({
      what: `stranger: ${how} ${other}`,
      action,
      answers: NOT_FOR_YOU,
      body: (scene) => {
        const { otherDevice: kid, otherKey, key } = scene
        const right = bound(action, scene)
        const moved = other === action ? 'push' : other
        const [header, sealedWith] = {
          key: [right, otherKey] as const,
          device: [{ ...right, kid }, key] as const,
          both: [{ ...right, kid }, otherKey] as const,
          down: [{ ...right, dir: 'down' }, key] as const,
          moved: [{ ...right, act: moved }, key] as const,
          random: [right, new Uint8Array(32).fill(9)] as const,
        }[how]
        const inside = json(valid(action, scene))
        return message(action, handMadeFrame({ header: json(header), key: sealedWith, inside }))
      },
    }))

/** Frames that were heard before, and numbers from before: each is the device's own. */
const replays: fc.Arbitrary<Unsent> = fc
  .record({ action: OF_A_DEVICE, back: fc.nat(1_000_000) })
  .map(({ action, back }) => ({
    what: `replay: ${back} back`,
    action,
    answers: ['replayed'],
    body: (scene) => {
      const header = { ...bound(action, scene), num: scene.heard - back }
      return made(action, scene, json(header), json(valid(action, scene)))
    },
  }))

/** Sends that are not the next, frames for sessions that are not the device's, frames of another type than the route. */
const misplaced: fc.Arbitrary<Unsent> = fc
  .record({
    action: fc.constantFrom('send', 'poll', 'status', 'logout'),
    how: fc.constantFrom('order', 'session', 'nobody', 'type'),
    by: fc.integer({ min: 2, max: 1_000 }),
    other: deviceFrames,
  })
  .map(({ action, how, by, other }) => ({
    what: `misplaced: ${how} ${by}`,
    action,
    answers: ['session-gone', 'out-of-order', 'bad-frame'],
    body: (scene) => {
      const right = valid(action, scene)
      const session = how === 'session' ? scene.otherSession : `17-${'A'.repeat(16)}`
      const inside = {
        order: action === 'send' ? { ...right, number: scene.sent + by } : { ...right, session },
        session: { ...right, session },
        nobody: { ...right, session },
        type: other.type === action ? { ...right, type: 'accepted' } : other,
      }[how]
      return made(action, scene, json(bound(action, scene)), json(inside))
    },
  }))

/** What is inside, under the right key and in its place: no protocol, no JSON, no text, no end. */
const insides: To = (actions) =>
  fc
    .record({
      action: actions,
      how: fc.constantFrom(
        'deep',
        'deeper',
        'prototype',
        'twice',
        'utf8',
        'json',
        'member',
        'bomb',
        'broken',
        'plain',
        'bom',
      ),
      at: fc.nat(200),
      noise: fc.uint8Array({ minLength: 1, maxLength: 12 }),
      text: fc.json(),
      bomb: fc.constantFrom(...BOMBS.keys()),
    })
    .map(({ action, how, at, noise, text, bomb }) => ({
      what: `inside: ${how} ${at} ${json(text)}`,
      action,
      answers: ['bad-frame', 'not-for-you'],
      body: (scene) => {
        const right = json(valid(action, scene))
        const bytes = Buffer.from(right)
        const insideOf: Record<typeof how, string | Buffer> = {
          deep: right.replace('}', `,"deep":${'['.repeat(at + 9)}${']'.repeat(at + 9)}}`),
          deeper: '[{"a":'.repeat(20_000),
          prototype: right.replace('{', '{"__proto__":{"type":"logout"},"constructor":{"prototype":{}},'),
          twice: right.replace('{', `{"type":"${action}",`),
          utf8: Buffer.concat([bytes.subarray(0, 9), Buffer.from([0xc3, 0x28, 0xed, 0xa0, 0x80]), bytes.subarray(9)]),
          json: /^\s*\{/.test(text) ? `${text}}` : text,
          member: right.replace('}', `,${json(`m${text}`)}:1}`),
          bomb: '',
          broken: '',
          plain: '',
          bom: `\ufeff${right}`,
        }
        const compressedOf: Partial<Record<typeof how, Buffer | undefined>> = {
          bomb: BOMBS[bomb],
          broken: Buffer.concat([Buffer.from([0xff]), noise]),
          plain: bytes,
        }
        return made(action, scene, json(bound(action, scene)), insideOf[how], compressedOf[how])
      },
    }))

/** A frame with a piece cut out, put in, or exchanged with another frame's. */
const damaged: To = (actions) =>
  fc
    .record({
      action: actions,
      how: fc.constantFrom('cut', 'flip', 'insert', 'parts', 'mixed', 'end'),
      at: fc.nat(100_000),
      length: fc.integer({ min: 1, max: 40 }),
      noise: fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
    })
    .map(({ action, how, at, length, noise }) => ({
      what: `damaged: ${how} ${at} ${length}`,
      action,
      answers: NOT_FOR_YOU,
      body: (scene) => {
        const header = json(bound(action, scene))
        const inside = json(valid(action, scene))
        const frame = handMadeFrame({ header, key: scene.key, inside })
        const parts = frame.split('.')
        const other = handMadeFrame({ header, key: scene.key, inside }).split('.')
        // Not the last character of a part, of which some bits say nothing; and never a character by itself.
        const start = 4 * Math.floor((at % (parts[0]?.length ?? 1)) / 4)
        const part = at % 5
        const flipped = frame[start] === 'A' ? 'B' : 'A'
        const changed = {
          cut: frame.slice(0, start) + frame.slice(start + 4 * length),
          flip: frame.slice(0, start) + flipped + frame.slice(start + 1),
          insert: `${frame.slice(0, start)}${noise}.${frame.slice(start)}`,
          parts: [...parts.slice(part), ...parts.slice(0, part), ...(part === 0 ? ['AAAA'] : [])].join('.'),
          mixed: parts.map((each, index) => (index === 1 + (at % 4) ? (other[index] ?? '') : each)).join('.'),
          end: frame.slice(0, Math.max(0, frame.length - 4 * length)),
        }[how]
        return message(action, changed)
      },
    }))

/** What is around the frame: no JSON, no frame, no text. */
const messages: To = (actions) =>
  fc
    .record({ action: actions, value: fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' })), as: fc.nat(5) })
    .map(({ action, value, as }) => ({
      what: `message: ${as} ${json(value)}`,
      action,
      answers: ['bad-frame', 'not-for-you'],
      body: () =>
        [
          message(action, value),
          json(value),
          `{"action":"${action}","__proto__":{"frame":"a.b.c.d.e"}}`,
          `{"action":"${action}","frame":${'['.repeat(30_000)}`,
          `${'{"frame":'.repeat(5_000)}1${'}'.repeat(5_000)}`,
          message(action, '.'.repeat(120_000)),
        ][as] ?? '',
    }))

/** Who has a code and no key yet: the frames of a device, sealed right, and claims that are not its name's. */
const tooEarly: fc.Arbitrary<Unsent> = OF_A_DEVICE.map((action) => ({
  what: 'too early',
  action,
  answers: ['not-enrolled'],
  body: (scene) => made(action, scene, json(bound(action, scene)), json(valid(action, scene))),
}))
const claims: fc.Arbitrary<Unsent> = fc.oneof(fc.stringMatching(/^[\w-]{22,64}$/), fc.jsonValue()).map((claim) => ({
  what: `claim: ${json(claim)}`,
  action: 'enroll',
  answers: ['not-enrolled', 'bad-frame'],
  body: (scene) => made('enroll', scene, json(bound('enroll', scene)), json({ ...valid('enroll', scene), claim })),
}))

/** And a device that has its key, on the route of those that have not. */
const tooLate: fc.Arbitrary<Unsent> = fc.constant({
  what: 'too late',
  action: 'enroll',
  answers: ['not-enrolled'],
  body: (scene) => made('enroll', scene, json(bound('enroll', scene)), json(valid('enroll', scene))),
})

const everywhere = [headers, algorithms, strangers, insides, damaged, messages]

const ofADevice = fc
  .oneof(...everywhere.map((to) => to(OF_A_DEVICE)), replays, misplaced, tooLate)
  .map((unsent) => ({ ...unsent, from: 'device' as const }))

const ofARedeemer = fc.oneof(...everywhere.map((to) => to(OF_A_REDEEMER)), tooEarly, claims).map((unsent) => ({
  ...unsent,
  from: 'redeemer' as const,
  body: (scene: Scene) => unsent.body({ ...scene, ...scene.redeemer }),
}))

export const hostileMessages: fc.Arbitrary<Hostile> = fc.oneof(
  { weight: 3, arbitrary: ofADevice },
  { weight: 1, arbitrary: ofARedeemer },
)

/** A token that must open no connection. */
export interface HostileToken {
  readonly what: string
  readonly token: (scene: Scene) => string
}

const tokenParts = fc.record({
  header: fc.constantFrom<object>(
    {},
    { alg: 'none' },
    { alg: 'HS512' },
    { alg: 'RS256' },
    { alg: 'hs256' },
    { alg: ['HS256'] },
    { kid: 'bob-phone' },
    { kid: 'nobody' },
    { kid: ['ann-phone'] },
    { kid: 'a'.repeat(3_000) },
    { kid: '__proto__' },
    { crit: ['exp'], exp: 1 },
    { b64: false, crit: ['b64'] },
    { zip: 'DEF', enc: 'A256GCM' },
    { jwk: { kty: 'oct', k: 'AAAA' } },
  ),
  claims: fc.constantFrom<object>(
    {},
    { sub: 'bob-phone' },
    { aud: 'other/live' },
    { aud: undefined },
    { aud: [] },
    { exp: undefined },
    { iat: undefined },
    { exp: 1 },
    { exp: Number.MAX_SAFE_INTEGER },
    { exp: '9' },
    { iat: 0 },
    { iat: Number.MAX_SAFE_INTEGER },
    { nbf: Number.MAX_SAFE_INTEGER },
    { __proto__: { sub: 'ann-phone' } },
  ),
  signedWith: fc.constantFrom('token key', 'transport key', 'other key', 'nothing', 'noise'),
  cut: fc.integer({ min: 0, max: 30 }),
  twice: fc.boolean(),
})

/** What would be a token that is right, of either device. */
const RIGHT = new Set([json(['token key', {}, {}]), json(['other key', { kid: 'bob-phone' }, { sub: 'bob-phone' }])])

const derived = (key: Uint8Array) => Buffer.from(hkdfSync('sha256', key, new Uint8Array(), 'device token', 32))
const encoded = (text: string) => Buffer.from(text).toString('base64url')

export const hostileTokens: fc.Arbitrary<HostileToken> = fc.oneof(
  tokenParts
    .filter(({ header, claims, signedWith, cut }) => cut > 0 || !RIGHT.has(json([signedWith, header, claims])))
    .map((parts) => ({
      what: `token: ${json(parts)}`,
      token: ({ device, key, otherKey, audience, now }: Scene) => {
        const { header, claims, signedWith, cut, twice } = parts
        const iat = Math.floor(now() / 1_000)
        const first = json({ alg: 'HS256', kid: device, ...header })
        const second = json({ sub: device, aud: audience, iat, exp: iat + 60, ...claims })
        const signed = `${encoded(twice ? first.replace('{', '{"alg":"none",') : first)}.${encoded(second)}`
        const keys = { 'token key': derived(key), 'transport key': Buffer.from(key), 'other key': derived(otherKey) }
        if (signedWith === 'nothing') return `${signed}.`
        if (signedWith === 'noise') return `${signed}.${encoded(signed).slice(0, 43)}`
        const signature = createHmac('sha256', keys[signedWith]).update(signed).digest('base64url')
        const token = `${signed}.${signature}`
        return token.slice(0, token.length - cut)
      },
    })),
  fc.string({ unit: 'binary', maxLength: 200 }).map((text) => ({ what: 'token: noise', token: () => text })),
)
