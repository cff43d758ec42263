import * as fc from 'fast-check'
import { ACCESS_LEVELS, AVAILABILITIES, ROLES, type Command } from '../../shared/rules/messaging.ts'
import { wrongWithName } from '../../shared/rules/user-name.ts'
import type { DeviceFrame } from '../../shared/wire/frames.ts'

export const SESSION = '17-b0Jm3o2u9hQ5w1Zx'

const whole = fc.maxSafeNat()
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 })
const uri = fc
  .tuple(fc.stringMatching(/^[a-z0-9.+-]{1,12}$/), fc.stringMatching(/^[a-z0-9.-]{1,12}$/))
  .map(([user, host]) => `sip:${user}@${host}`)
const session = fc
  .tuple(fc.nat(99_999), fc.stringMatching(/^[\w-]{16,32}$/))
  .map(([seat, random]) => `${seat}-${random}`)
const conversation = fc.stringMatching(/^[!-~]{1,40}$/)
const message = conversation
const level = fc.constantFrom(...ACCESS_LEVELS)
const groups = fc.array(message, { maxLength: 3 })
const availability = fc.constantFrom(...AVAILABILITIES)

/** A record of which the members in `optional` may be absent, never undefined: an object as JSON makes it. */
function record<R, O>(
  required: { [K in keyof R]: fc.Arbitrary<R[K]> },
  optional: { [K in keyof O]: fc.Arbitrary<O[K]> },
) {
  return fc
    .tuple(fc.record(required), fc.record(optional, { requiredKeys: [] }))
    .map(([all, some]) => Object.assign({}, all, some))
}

const kind = <K extends Command['kind']>(value: K) => fc.constant(value)
const commands: fc.Arbitrary<Command> = fc.oneof(
  record({ kind: kind('start'), to: fc.array(uri, { minLength: 1, maxLength: 4 }), text }, { subject: text }),
  record({ kind: kind('accept'), conversation }, {}),
  record({ kind: kind('message'), conversation, text }, {}),
  record({ kind: kind('typing'), conversation, typing: fc.boolean() }, {}),
  record({ kind: kind('leave'), conversation }, {}),
  record({ kind: kind('presence'), availability }, {}),
  record({ kind: kind('note'), note: fc.string({ unit: 'binary' }) }, {}),
  record({ kind: kind('add-contact'), uri, name: text }, { groups }),
  record({ kind: kind('update-contact'), uri, name: text, groups }, {}),
  record({ kind: kind('access'), uri }, { level, was: level }),
  record({ kind: kind('add-group'), name: text }, {}),
  record({ kind: kind('rename-group'), group: message, name: text }, {}),
  record({ kind: kind('delete-group'), group: message }, {}),
  record({ kind: kind('delete-contact'), uri }, {}),
  record({ kind: kind('invite'), conversation, to: fc.array(uri, { minLength: 1, maxLength: 4 }) }, {}),
  record({ kind: kind('eject'), conversation, uri }, {}),
  record({ kind: kind('role'), conversation, uri, role: fc.constantFrom(...ROLES) }, {}),
  record({ kind: kind('join'), conversation }, {}),
  record({ kind: kind('edit'), conversation, message, text }, {}),
  record({ kind: kind('delete'), conversation, message }, {}),
  record({ kind: kind('read'), conversation, message }, {}),
  record({ kind: kind('history'), conversation }, { before: message }),
  record({ kind: kind('search'), text }, {}),
)

const type = <T extends DeviceFrame['type']>(value: T) => fc.constant(value)

/** Every frame that a device may say, in any characters that JSON carries. */
export const deviceFrames: fc.Arbitrary<DeviceFrame> = fc.oneof(
  record(
    {
      type: type('login'),
      user: text.filter((name) => wrongWithName(name) === undefined),
      password: fc.string({ unit: 'binary' }),
    },
    { availability },
  ),
  record(
    {
      type: type('send'),
      session,
      number: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      ack: whole,
      command: commands,
    },
    {},
  ),
  record({ type: type('poll'), session, after: whole }, {}),
  record({ type: type('status'), session, ack: whole, active: fc.boolean(), answer: fc.boolean() }, {}),
  record({ type: type('logout'), session }, {}),
  record({ type: type('subscribe') }, { endpoint: fc.webUrl({ withFragments: false }) }),
  record({ type: type('enroll'), claim: fc.stringMatching(/^[\w-]{22,64}$/) }, {}),
)
