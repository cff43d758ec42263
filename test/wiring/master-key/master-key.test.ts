import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { endpointOf } from '../../../functions/wiring/environment.ts'

const NAMES = ['URL_SUFFIX', 'AWS_ENDPOINT_URL_SSM', 'AWS_ENDPOINT_URL_KMS']
let before: Readonly<Record<string, string | undefined>>

beforeEach(() => {
  before = { ...process.env }
  for (const name of NAMES) delete process.env[name]
})

afterEach(() => {
  for (const name of NAMES) {
    delete process.env[name]
    if (before[name] !== undefined) process.env[name] = before[name]
  }
})

describe('where the master key is asked for', () => {
  it.each([
    ['ssm', 'eu-central-1', 'amazonaws.com', 'https://ssm.eu-central-1.amazonaws.com'],
    ['kms', 'us-gov-west-1', 'amazonaws.com', 'https://kms.us-gov-west-1.amazonaws.com'],
    ['ssm', 'cn-north-1', 'amazonaws.com.cn', 'https://ssm.cn-north-1.amazonaws.com.cn'],
    ['kms', 'eusc-de-east-1', 'amazonaws.eu', 'https://kms.eusc-de-east-1.amazonaws.eu'],
    ['ssm', 'us-iso-east-1', 'c2s.ic.gov', 'https://ssm.us-iso-east-1.c2s.ic.gov'],
  ] as const)('is %s of %s, under the suffix %s', (service, region, suffix, endpoint) => {
    process.env['URL_SUFFIX'] = suffix
    expect(endpointOf(service, region)).toBe(endpoint)
  })

  it('is elsewhere where the variables of the SDK say so', () => {
    process.env['AWS_ENDPOINT_URL_KMS'] = 'http://127.0.0.1:1'
    expect(endpointOf('kms', 'local')).toBe('http://127.0.0.1:1')
  })
})
