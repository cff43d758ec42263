import { expect, it } from 'vitest'
import { keyRingPlace } from '../../../shared/rules/aws/key-ring-place.ts'

it('is a parameter of SSM', () => {
  expect(keyRingPlace('ssm:/collaboration/master-key')).toEqual({ service: 'ssm', name: '/collaboration/master-key' })
})

it('is the table, encrypted by a key of KMS, whose ARN has colons of its own', () => {
  const arn = 'arn:aws:kms:eu-central-1:000000000000:key/0a1b2c3d-1111-2222-3333-444455556666'
  expect(keyRingPlace(`kms:${arn}`)).toEqual({ service: 'kms', arn })
})

it.each(['', 'ssm:', '/collaboration/master-key', 'vault:/x'])(
  'is not %j, which says what is taken instead',
  (text) => {
    expect(() => keyRingPlace(text)).toThrow(`masterKey is "${text}": set it to ssm:/path or kms:ARN`)
  },
)
