import { createServer, type Server } from 'node:http'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { authority } from '../../infra/standin/tls/certificates.ts'
import { ANYBODY, type Signers } from '../../infra/aws/signature.ts'
import { lambda } from '../../infra/aws/lambda/lambda.ts'
import { scriptedServer } from '../cwa/scripted-server.ts'
import { testClock } from '../kit/clock.ts'
import { upstream } from '../kit/upstream.ts'
import { administered } from './harness.ts'
import { started } from './started.ts'

const OUTPUTS = {
  SessionsPerListener: '900',
  ConfigurationTable: 'Settled',
  SessionsTable: 'Kept',
  Url: 'wss://api.contoso.test/live',
  MasterKey: 'ssm:/collaboration/master-key',
  ManagementUrl: 'https://api.contoso.test/live',
}

/** Where the server answers, until the test ends. */
async function serving(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

/** CloudFormation, as far as DescribeStacks of one stack goes (CloudFormation API reference, 2010-05-15). */
async function cloudFormation(name: string, outputs: Readonly<Record<string, string>>) {
  const asked: URLSearchParams[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const form = new URLSearchParams(Buffer.concat(parts).toString())
      asked.push(form)
      const isKnown = form.get('StackName') === name
      response.writeHead(isKnown ? 200 : 400, { 'Content-Type': 'text/xml' })
      response.end(isKnown ? described(name, outputs) : unknown(form.get('StackName')))
    })
  })
  return { asked, url: await serving(server) }
}

function described(name: string, outputs: Readonly<Record<string, string>>): string {
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  )
  return `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult>
    <Stacks><member><StackName>${name}</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>
    <StackStatus>CREATE_COMPLETE</StackStatus><Outputs>${members.join('')}</Outputs></member></Stacks>
    </DescribeStacksResult></DescribeStacksResponse>`
}

function unknown(name: string | null): string {
  return `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>
    <Code>ValidationError</Code><Message>Stack with id ${name} does not exist</Message></Error></ErrorResponse>`
}

interface AwsService {
  /** `METHOD path service`, the service as the signature's scope has it. */
  readonly asked: readonly string[]
  readonly url: string
}

/** An API of AWS that answers each call so. It ends with the test. */
async function aws(answer: () => { readonly status?: number; readonly body: string }): Promise<AwsService> {
  const asked: string[] = []
  const server = createServer(({ method, url, headers }, response) => {
    const [, service] =
      /Credential=administrator\/\d{8}\/(?:eu-central-1|local)\/(\w+)\//.exec(headers.authorization ?? '') ?? []
    asked.push(`${method} ${url} ${service}`)
    const { status = 200, body } = answer()
    response.writeHead(status).end(body)
  })
  return { asked, url: await serving(server) }
}

/** The line of a check of a deployed stack, where API Gateway and EC2 are these. */
async function doctorSays(check: string, { url }: AwsService, outputs: Record<string, string> = {}) {
  const more = { AWS_ENDPOINT_URL_API_GATEWAY: url, AWS_ENDPOINT_URL_EC2: url }
  const { admin } = await deployed({ outputs: { ...OUTPUTS, ...outputs }, more })
  const { stdout } = await admin('doctor', '--skip-upstream', '--stack', 'Collaboration')
  return stdout.split('\n').find((line) => line.includes(` ${check}: `))
}

/** As EC2 describes an interface endpoint of execute-api (EC2 API reference, DescribeVpcEndpoints). */
function endpoints(privateDnsEnabled?: string): string {
  const item = `<item><vpcEndpointId>vpce-1</vpcEndpointId><vpcEndpointType>Interface</vpcEndpointType>
    <serviceName>com.amazonaws.eu-central-1.execute-api</serviceName><privateDnsEnabled>${privateDnsEnabled}</privateDnsEnabled>
    <subnetIdSet><item>subnet-1</item></subnetIdSet></item>`
  return `<DescribeVpcEndpointsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>
    <vpcEndpointSet>${privateDnsEnabled === undefined ? '' : item}</vpcEndpointSet></DescribeVpcEndpointsResponse>`
}

/** The administrator, whose secret is one, and the one who reads the tables in these tests. */
const ADMINISTRATORS: Signers = {
  ...ANYBODY,
  credentialsOf: (id) => ({ secretAccessKey: id === 'administrator' ? 'secret-of-the-administrator' : 'local' }),
}

/** Lambda, with what a new account has of it. */
async function newAccount(): Promise<string> {
  const own = lambda({ functions: [], clock: testClock(), concurrency: 10, signers: ADMINISTRATORS })
  await own.start()
  onTestFinished(own.stop)
  return own.url
}

/** A stack called Collaboration that is deployed, as its tables' and CloudFormation's endpoints say. */
async function deployed({
  outputs = OUTPUTS,
  more = {},
  ...options
}: {
  outputs?: Record<string, string>
  more?: Record<string, string>
} & Parameters<typeof administered>[0] = {}) {
  const all = await administered({ ...options, signers: ADMINISTRATORS })
  const formation = await cloudFormation('Collaboration', outputs)
  const environment = {
    AWS_ENDPOINT_URL_CLOUDFORMATION: formation.url,
    AWS_ENDPOINT_URL_DYNAMODB: all.url,
    AWS_ENDPOINT_URL_SSM: all.ssm,
    AWS_ENDPOINT_URL_LAMBDA: await newAccount(),
    AWS_ACCESS_KEY_ID: 'administrator',
    AWS_SECRET_ACCESS_KEY: 'secret-of-the-administrator',
    // The embedded endpoints take a signature for their own region alone.
    AWS_REGION: 'local',
    AWS_EC2_METADATA_DISABLED: 'true',
    COLLABORATION_STACK_FILE: join(all.folder, 'no-local-stack'),
    ...more,
  }
  return { ...all, formation, admin: (...words: string[]) => started(words, environment) }
}

describe('a deployed stack', () => {
  it('is administered by its name, as CloudFormation describes it', async () => {
    const { admin, formation, reader, folder, clock } = await deployed()
    const file = join(folder, 'ann.json')

    const added = await admin('devices', 'add', 'ann-phone', '--out', file, '--stack', 'Collaboration', '--json')

    expect(added).toMatchObject({ code: 0, stderr: '' })
    expect(formation.asked.map((form) => [form.get('Action'), form.get('StackName')])).toEqual([
      ['DescribeStacks', 'Collaboration'],
    ])
    expect(await reader().device('ann-phone', clock.now())).toMatchObject({ state: 'active' })
    const { url }: { url: string } = JSON.parse(readFileSync(file, 'utf8'))
    expect(url).toBe(OUTPUTS.Url)
  })

  it('is examined, and CWA found where the stack says', async () => {
    const { cwa } = await upstream({ tls: true })
    const { admin, folder } = await deployed({ outputs: { ...OUTPUTS, UpstreamUrl: cwa.url(), CwaCodec: 'json' } })
    const ca = join(folder, 'ca.pem')
    writeFileSync(ca, cwa.ca ?? '')

    const untrusted = await admin('doctor', '--stack', 'Collaboration')
    const trusted = await admin('doctor', '--stack', 'Collaboration', '--ca', ca)

    expect(untrusted.stdout).toMatch(/^wrong +upstream certificate: /m)
    expect(trusted.stdout).toMatch(/^ok +upstream certificate: trusted/m)
    expect([untrusted.code, trusted.code]).toEqual([1, 0])
    expect(trusted.stdout).toMatch(/^warning +concurrency: 10 functions at once: /m)
  })

  it('whose CWA is of its time is examined as its functions reach it', async () => {
    const issuer = authority('Contoso root', { key: 2048, hash: 'sha1' })
    const leaf = issuer.issue({ commonName: 'im.contoso.test', use: 'server', names: ['127.0.0.1'], key: 1024 })
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
    const { url } = await scriptedServer(() => ({ body: '' }), leaf, old)
    const cwa = { ...OUTPUTS, UpstreamUrl: url, CwaCodec: 'json' }
    const said = async (outputs: Record<string, string>) => {
      const { admin, folder } = await deployed({ outputs })
      const ca = join(folder, 'ca.pem')
      writeFileSync(ca, issuer.ca)
      return admin('doctor', '--stack', 'Collaboration', '--ca', ca)
    }

    const today = await said(cwa)
    const ofItsTime = await said({ ...cwa, UpstreamLegacyTls: 'TLSv1' })
    const unknown = await said({ ...cwa, UpstreamLegacyTls: 'SSLv3' })

    expect(today.stdout).toMatch(/^wrong +upstream certificate: .*set collaboration:legacyTls/m)
    expect(ofItsTime.stdout).toMatch(/^ok +upstream certificate: trusted over TLSv1\.1, /m)
    expect(ofItsTime.stdout).toMatch(/^ok +upstream answer: /m)
    expect([today.code, ofItsTime.code]).toEqual([1, 0])
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('UpstreamLegacyTls is "SSLv3"') })
  })

  it('says which action is denied, and what to do', async () => {
    const { admin } = await deployed({ dynamo: { allows: (_, action) => action !== 'dynamodb:Scan' } })

    const listed = await admin('users', 'list', '--stack', 'Collaboration')
    const examined = await admin('doctor', '--skip-upstream', '--stack', 'Collaboration')

    expect(listed.code).toBe(1)
    expect(listed.stderr).toMatch(
      /administrator is not authorized to perform: dynamodb:Scan on resource: .*\n.*infra\/admin\/README\.md/,
    )
    expect(examined.stdout).toMatch(/^wrong +configuration table: dynamodb:Scan on Settled is denied$/m)
    expect(listed.stderr + examined.stdout).not.toContain('secret-of-the-administrator')
  })

  it('is looked at for what API Gateway writes access logs with', async () => {
    const role = 'arn:aws:iam::000000000000:role/logs'
    const here = await aws(() => ({ body: JSON.stringify({ cloudwatchRoleArn: role, throttleSettings: {} }) }))
    const none = await aws(() => ({ body: JSON.stringify({ throttleSettings: {} }) }))
    const denied = await aws(() => ({ status: 403, body: '{"message":"no"}' }))

    const said = await Promise.all([here, none, denied].map((service) => doctorSays('access logs', service)))

    expect(said).toEqual([
      `ok       access logs: API Gateway writes them as ${role}`,
      'wrong    access logs: API Gateway has no CloudWatch role in this account and region',
      'warning  access logs: cannot be looked at: AWS answers 403',
    ])
    expect(here.asked).toEqual(['GET /account apigateway'])
  })

  it('is looked at for an endpoint that answers the posts to devices in its place', async () => {
    const inTheWay = await aws(() => ({ body: endpoints('true') }))
    const harmless = await aws(() => ({ body: endpoints('false') }))
    const none = await aws(() => ({ body: endpoints() }))

    const own = { Vpc: 'vpc-0a1b2c3d', ConnectionsUrl: OUTPUTS.ManagementUrl }
    const said = await Promise.all([inTheWay, harmless, none].map((ec2) => doctorSays('posts to devices', ec2, own)))
    const led = { Vpc: 'vpc-0a1b2c3d', ConnectionsUrl: 'https://im-gateway.contoso.test/live' }

    const leaves = 'leave vpc-0a1b2c3d by its NAT gateway: it has no endpoint of execute-api with private DNS'
    expect(said).toEqual([
      'wrong    posts to devices: are refused (403) by vpce-1 in vpc-0a1b2c3d, an endpoint with private DNS',
      `ok       posts to devices: ${leaves}`,
      `ok       posts to devices: ${leaves}`,
    ])
    expect(inTheWay.asked.filter((call) => call.endsWith(' ec2'))).toEqual([
      expect.stringMatching(/Action=DescribeVpcEndpoints&.*Filter\.1\.Value\.1=vpc-0a1b2c3d&.*=\*\.execute-api ec2$/),
    ])
    expect(await doctorSays('posts to devices', inTheWay, led)).toBe(
      'ok       posts to devices: go to https://im-gateway.contoso.test/live',
    )
    expect(await doctorSays('posts to devices', inTheWay, {})).toBeUndefined()
  })

  it('that is not there is reported with what to check', async () => {
    const { admin } = await deployed()
    expect(await admin('users', 'list', '--stack', 'Colaboration', '--region', 'eu-west-1')).toMatchObject({
      code: 1,
      stderr: 'there is no stack Colaboration in eu-west-1: check --stack, --region and --profile\n',
    })
  })

  it('of something else is left alone', async () => {
    const { admin } = await deployed({ outputs: { BucketName: 'pictures' } })
    expect(await admin('users', 'list', '--stack', 'Collaboration')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the stack Collaboration is not this service'),
    })
  })

  it('cannot be looked up without credentials, and says so', async () => {
    const { formation } = await deployed()
    const environment = {
      AWS_ENDPOINT_URL_CLOUDFORMATION: formation.url,
      AWS_REGION: 'eu-central-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
      AWS_CONFIG_FILE: '/nonexistent',
    }
    expect(await started(['users', 'list', '--stack', 'Collaboration'], environment)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('give AWS credentials: --profile NAME, or the AWS_ variables'),
    })
    expect(formation.asked).toEqual([])
  })
})

describe('the local stack', () => {
  it('that does not run is reported with how to start it', async () => {
    expect(await started(['users', 'list'], { COLLABORATION_STACK_FILE: '/nonexistent' })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('start one with npm start in another terminal, or give --stack NAME'),
    })
  })

  it('that ended without saying so is reported, too', async () => {
    const { folder } = await administered()
    const file = join(folder, 'stale.json')
    const NO_SERVER = 'http://127.0.0.1:9'
    const server = { url: NO_SERVER, codec: 'json' }
    writeFileSync(
      file,
      JSON.stringify({
        endpoints: { dynamodb: NO_SERVER, ssm: NO_SERVER, kms: NO_SERVER },
        outputs: OUTPUTS,
        upstream: server,
      }),
    )

    expect(await started(['users', 'list'], { COLLABORATION_STACK_FILE: file })).toMatchObject({
      code: 1,
      stderr: 'the local stack does not answer: is npm start running?\n',
    })
  })

  it('whose file is broken is started again', async () => {
    const { folder } = await administered()
    const file = join(folder, 'broken.json')
    writeFileSync(file, '{')
    expect(await started(['users', 'list'], { COLLABORATION_STACK_FILE: file })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is not what npm start writes: start it again'),
    })
  })

  it('needs no region', async () => {
    const { admin } = await administered()
    expect(await admin('users', 'list', '--region', 'eu-central-1')).toMatchObject({ code: 2 })
  })
})
