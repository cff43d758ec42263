import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { authority } from '../../infra/standin/tls/certificates.ts'
import { settingsFrom } from '../../infra/cdk/settings.ts'
import { projectContext } from '../../infra/cdk/project-context.ts'
import { thrownBy } from './harness.ts'

const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const fabrikam = authority('The CA of Fabrikam')
const contoso = authority('The CA of Contoso')
const ca = file('ca.pem', fabrikam.ca)
const twoCas = file('two.pem', `Fabrikam\n${fabrikam.ca}\nContoso\n${contoso.ca}`)
const large = file('large.pem', `${fabrikam.ca}${'#'.repeat(3_000)}`)
const words = file('words.pem', 'This is no certificate.')
const broken = file('broken.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
const withKey = file(
  'key.pem',
  Object.values(fabrikam.issue({ commonName: 'im', use: 'server', names: [] })).join('\n'),
)

const vpc = {
  id: 'vpc-0a1b2c3d4e5f67890',
  availabilityZones: ['eu-central-1a'],
  subnets: ['subnet-0a1b2c3d'],
  routeTables: ['rtb-0a1b2c3d'],
}

function settings(set: Readonly<Record<string, unknown>>) {
  return settingsFrom(Object.fromEntries(Object.entries(set).map(([key, value]) => [`collaboration:${key}`, value])))
}

/** The lines under the error's first. */
function complaints(set: Readonly<Record<string, unknown>>): string[] {
  const thrown = thrownBy(() => settings(set))
  const [first, ...lines] = thrown instanceof Error ? thrown.message.split('\n') : []
  expect(first).toBe('These settings (context in cdk.json, or -c) are wrong:')
  return lines.map((line) => line.trim())
}

const upstreamUrl = 'https://im.contoso.test'
const URLS = 'http:// or https://, a host, and a port if it is not 80 or 443; no user name, no path'
const DAYS =
  'one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653'
const PEM = 'the path of a file of at most 3000 bytes that holds certificates in PEM and no private key'
const VPC = '{"id", "availabilityZones", "subnets", "routeTables", "dynamoDbEndpoint"}, with -c as JSON text'
const THROTTLE = '{"ratePerSecond", "burst"}, with -c as JSON text'

describe('settingsFrom', () => {
  it('takes what must be set, and has a default for everything else', () => {
    expect(settings({ upstreamUrl })).toEqual({
      upstream: 'cwa',
      upstreamUrl,
      codec: 'json',
      masterKey: 'ssm:/collaboration/master-key',
      logRetentionDays: 30,
      removalPolicy: 'retain',
      throttle: { ratePerSecond: 500, burst: 1_000 },
      stage: 'live',
      sessionsPerListener: 900,
      accessLogRole: 'create',
      stackName: 'Collaboration',
      debugSampling: 0,
    })
  })

  it('has a master key for each stack of a region, where none is set', () => {
    expect(settings({ upstreamUrl, stackName: 'Trial' }).masterKey).toBe('ssm:/collaboration/Trial/master-key')
    expect(settings({ upstreamUrl, stackName: 'Trial', masterKey: 'ssm:/mine' }).masterKey).toBe('ssm:/mine')
  })

  it('needs no route tables where a gateway endpoint exists', () => {
    const { routeTables: _, ...others } = vpc
    const set = settings({ upstreamUrl, vpc: { ...others, dynamoDbEndpoint: 'exists' } })
    expect(set.vpc).toEqual({ ...others, dynamoDbEndpoint: 'exists' })
    expect(settings({ upstreamUrl, vpc }).vpc).toEqual({ ...vpc, dynamoDbEndpoint: 'create' })
  })

  it('takes the context of cdk.json as it is, with what belongs to others', () => {
    expect(settingsFrom(projectContext())).toMatchObject({ codec: 'json', logRetentionDays: 30 })
  })

  it.each([
    ['https://im.contoso.test/', 'https://im.contoso.test'],
    ['HTTPS://IM.Contoso.test:443', 'https://im.contoso.test'],
    ['http://10.0.0.7:8080', 'http://10.0.0.7:8080'],
    ['https://[fd00::7]:8443', 'https://[fd00::7]:8443'],
  ])('takes the URL %s as %s', (given, taken) => {
    expect(settings({ upstreamUrl: given }).upstreamUrl).toBe(taken)
  })

  it('takes numbers and objects as the text that -c gives', () => {
    const throttle = '{"ratePerSecond": 5, "burst": "10"}'
    expect(settings({ upstreamUrl, logRetentionDays: '7', throttle, vpc: JSON.stringify(vpc) })).toMatchObject({
      logRetentionDays: 7,
      throttle: { ratePerSecond: 5, burst: 10 },
      vpc,
    })
  })

  it('reads the certificates of a private CA, of which there may be several', () => {
    expect(settings({ upstreamUrl, privateCa: ca }).privateCa).toBe(fabrikam.ca)
    expect(settings({ upstreamUrl, privateCa: twoCas }).privateCa).toContain(contoso.ca)
  })

  it('tells all that is wrong at once', () => {
    expect(complaints({ codec: 'soap', throttle: { burst: 0 }, colour: 'red', upsteamUrl: upstreamUrl })).toEqual([
      `collaboration:upstreamUrl: is not set; accepted is ${URLS}`,
      'collaboration:codec: is "soap"; accepted is "json" or "xml"',
      'collaboration:throttle.ratePerSecond: is not set; accepted is a whole number from 1',
      'collaboration:throttle.burst: is 0; accepted is a whole number from 1',
      ...['colour', 'upsteamUrl'].map(
        (key) =>
          `collaboration:${key}: there is no such setting; there are upstream, upstreamUrl, codec, privateCa, legacyTls, masterKey, vpc, connectionsUrl, accessLogRole, stackName, logRetentionDays, removalPolicy, throttle, stage, debugSampling, page, alarms, webPush, sessionsPerListener`,
      ),
    ])
  })

  it('tells neither a password that stands in the URL nor what is as long as a file', () => {
    const pem = `-----BEGIN PRIVATE KEY-----\n${'k'.repeat(300)}`
    const heard = complaints({ upstreamUrl: 'https://ann:pass@word@im.contoso.test', privateCa: pem }).join('\n')
    expect(heard).toContain('collaboration:upstreamUrl: is "https://…@im.contoso.test"; accepted is')
    expect(heard).toContain(
      `collaboration:privateCa: a value of ${JSON.stringify(pem).length} characters cannot be read; accepted is`,
    )
    expect(heard).not.toMatch(/pass|word@|kkk/)
  })
})

describe('the words for one wrong setting', () => {
  it.each<[Readonly<Record<string, unknown>>, string]>([
    [{}, `upstreamUrl: is not set; accepted is ${URLS}`],
    [{ upstreamUrl: '' }, `upstreamUrl: is ""; accepted is ${URLS}`],
    [{ upstreamUrl: 7 }, `upstreamUrl: is 7; accepted is ${URLS}`],
    [{ upstreamUrl: 'im.contoso.test' }, `upstreamUrl: is "im.contoso.test"; accepted is ${URLS}`],
    [{ upstreamUrl: `${upstreamUrl}/cwa` }, `upstreamUrl: is "${upstreamUrl}/cwa"; accepted is ${URLS}`],
    [{ upstreamUrl: `${upstreamUrl}?a=b` }, `upstreamUrl: is "${upstreamUrl}?a=b"; accepted is ${URLS}`],
    [{ upstreamUrl: 'https://ann@im' }, `upstreamUrl: is "https://…@im"; accepted is ${URLS}`],
    [{ upstreamUrl: 'ftp://im' }, `upstreamUrl: is "ftp://im"; accepted is ${URLS}`],
    [{ upstreamUrl, codec: 'soap' }, 'codec: is "soap"; accepted is "json" or "xml"'],
    [{ upstreamUrl, removalPolicy: 'keep' }, 'removalPolicy: is "keep"; accepted is "retain" or "destroy"'],
    [{ upstreamUrl, stage: '$default' }, 'stage: is "$default"; accepted is at most 128 letters, digits, - and _'],
    [{ upstreamUrl, debugSampling: '1.5' }, 'debugSampling: is 1.5; accepted is a number from 0 to 1'],
    [
      { upstreamUrl, page: 'yes' },
      'page: is "yes"; accepted is "on", or {"domain", "certificate"}, with -c as JSON text',
    ],
    [
      {
        upstreamUrl,
        page: '{"domain": "chat.contoso.test", "certificate": "arn:aws:acm:eu-west-1:000000000000:certificate/1"}',
      },
      'page.certificate: is "arn:aws:acm:eu-west-1:000000000000:certificate/1"; accepted is the ARN of a certificate of ACM in us-east-1, where CloudFront looks for it',
    ],
    [
      { upstreamUrl, alarms: 'everybody' },
      'alarms: is "everybody"; accepted is an e-mail address, or the ARN of an SNS topic that CloudWatch may publish to',
    ],
    [{ upstreamUrl, sessionsPerListener: 512 }, 'sessionsPerListener: is 512; accepted is one of 300, 600, 900'],
    [{ upstreamUrl, sessionsPerListener: '1200' }, 'sessionsPerListener: is 1200; accepted is one of 300, 600, 900'],
    [{ upstreamUrl, logRetentionDays: 31 }, `logRetentionDays: is 31; accepted is ${DAYS}`],
    [{ upstreamUrl, logRetentionDays: 9999 }, `logRetentionDays: is 9999; accepted is ${DAYS}`],
    [{ upstreamUrl, logRetentionDays: 'a month' }, `logRetentionDays: is "a month"; accepted is ${DAYS}`],
    [{ upstreamUrl, logRetentionDays: '' }, `logRetentionDays: is ""; accepted is ${DAYS}`],
    [{ upstreamUrl, throttle: 'fast' }, `throttle: is "fast"; accepted is ${THROTTLE}`],
    [{ upstreamUrl, throttle: 500 }, `throttle: is 500; accepted is ${THROTTLE}`],
    [
      { upstreamUrl, throttle: { ratePerSecond: -1.5, burst: 1 } },
      'throttle.ratePerSecond: is -1.5; accepted is a whole number from 1',
    ],
    [
      { upstreamUrl, throttle: '{"ratePerSecond": "many", "burst": 1}' },
      'throttle.ratePerSecond: is "many"; accepted is a whole number from 1',
    ],
    [
      { upstreamUrl, throttle: { ratePerSecond: 1, burst: 1, rate: 1 } },
      'throttle.rate: there is no such setting; there are ratePerSecond, burst',
    ],
    [{ upstreamUrl, legacyTls: 'SSLv3' }, 'legacyTls: is "SSLv3"; accepted is one of "TLSv1", "TLSv1.1", "TLSv1.2"'],
    [{ upstreamUrl, privateCa: 1 }, `privateCa: is 1; accepted is ${PEM}`],
    [{ upstreamUrl, privateCa: 'missing.pem' }, `privateCa: "missing.pem" cannot be read; accepted is ${PEM}`],
    [{ upstreamUrl, vpc: vpc.id }, `vpc: is "${vpc.id}"; accepted is ${VPC}`],
    [
      { upstreamUrl, vpc: { ...vpc, id: 'subnet-0a1b2c3d' } },
      'vpc.id: is "subnet-0a1b2c3d"; accepted is an id such as "vpc-0a1b2c3d4e5f67890"',
    ],
    [
      { upstreamUrl, vpc: { ...vpc, availabilityZones: 'eu-central-1a' } },
      'vpc.availabilityZones: is "eu-central-1a"; accepted is a list of names such as "eu-central-1a"',
    ],
    [
      { upstreamUrl, vpc: JSON.stringify({ ...vpc, subnets: ['subnet-0a1b2c3d', 'subnet-2'] }) },
      'vpc.subnets: holds "subnet-2"; accepted is a list of ids such as "subnet-0a1b2c3d4e5f67890"',
    ],
    [
      { upstreamUrl, vpc: { ...vpc, routeTables: [] } },
      'vpc.routeTables: is []; accepted is a list of ids such as "rtb-0a1b2c3d4e5f67890"',
    ],
    [
      { upstreamUrl, vpc: { ...vpc, region: 'eu-central-1' } },
      'vpc.region: there is no such setting; there are id, availabilityZones, subnets, routeTables, dynamoDbEndpoint',
    ],
    [
      { upstreamUrl, vpc: { ...vpc, dynamoDbEndpoint: 'none' } },
      'vpc.dynamoDbEndpoint: is "none"; accepted is "create", or "exists" where the route tables lead to a gateway endpoint of DynamoDB already',
    ],
    [
      { upstreamUrl, vpc: { ...vpc, routeTables: undefined } },
      'vpc.routeTables: is not set; accepted is a list of ids such as "rtb-0a1b2c3d4e5f67890"',
    ],
    [
      { upstreamUrl, connectionsUrl: 'https://ann:secret@im.contoso.test/live?a=b' },
      'connectionsUrl: is "https://…@im.contoso.test/live?a=b"; accepted is the https:// URL of a custom domain that leads to the stage; no user name, no query',
    ],
    [
      { upstreamUrl, accessLogRole: 'none' },
      'accessLogRole: is "none"; accepted is "create", or "exists" where API Gateway has a CloudWatch role in this account and region already',
    ],
    [
      { upstreamUrl, stackName: '2nd' },
      'stackName: is "2nd"; accepted is a letter, then at most 49 letters, digits and -',
    ],
  ])('of %j', (set, complaint) => {
    expect(complaints(set)).toEqual([`collaboration:${complaint}`])
  })

  it.each([
    ['is too large', large, `has ${fabrikam.ca.length + 3_000} bytes`],
    ['holds something else', words, 'holds no certificate in PEM'],
    ['holds something that only looks like a certificate', broken, 'holds no certificate in PEM'],
    ['holds a private key', withKey, 'holds a private key'],
  ])('of a CA file that %s', (_, privateCa, complaint) => {
    const shown = JSON.stringify(privateCa)
    expect(complaints({ upstreamUrl, privateCa })).toEqual([
      `collaboration:privateCa: ${shown} ${complaint}; accepted is ${PEM}`,
    ])
  })
})
