import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { pageFolder } from '../../infra/cdk/page/page-files.ts'
import { STACK, synthesize } from '../../infra/cdk/synthesis.ts'
import { judge } from '../kit/judge.ts'
import { propertiesOf, synthesis, SYNTHESIS_MS, templateIn, thrownBy, withSettings, type Synthesis } from './harness.ts'

const CFN_LINT = judge('cfn-lint')
const NAMED = {
  domain: 'chat.fabrikam.test',
  certificate: 'arn:aws:acm:us-east-1:000000000000:certificate/0a1b2c3d-1111-2222-3333-444455556666',
}

let made: Synthesis
let scratch: string
let folder: string
/** Folders of assemblies, by the setting. */
let on: string
let named: string

beforeAll(async () => {
  made = await synthesis()
  scratch = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
  folder = await pageFolder(join(scratch, 'page'))
  const served = (page: unknown, name: string, others: object = {}) =>
    synthesize({
      bundles: made.bundles,
      pageFolder: folder,
      outdir: join(scratch, name),
      context: withSettings({ page, ...others }),
    })
  on = served('on', 'on')
  // Browsers that open it are woken by Web Push.
  named = served(NAMED, 'named', { webPush: { contact: 'mailto:ops@fabrikam.test' } })
  return () => {
    made.remove()
    rmSync(scratch, { recursive: true })
  }
}, SYNTHESIS_MS)

const typesOf = (folder: string) => Object.values(templateIn(folder).resources).map(({ Type }) => Type)

const headersOf = (folder: string) => propertiesOf(templateIn(folder), 'PageHeaders')

describe('the browser client', () => {
  it('is not there unless it is set: the template is that of before', () => {
    const ofPages = Object.values(made.template.resources).filter(({ Type }) =>
      /CloudFront|S3|BucketDeployment/.test(Type),
    )
    expect(ofPages).toEqual([])
    expect(Object.keys(made.template.outputs).filter((name) => name.startsWith('Page'))).toEqual([])
  })

  it('has the same headers where browsers are woken: it is the browser that speaks with its push service', () => {
    expect(headersOf(named)).toEqual(headersOf(on))
    expect(JSON.stringify(headersOf(on))).toContain("worker-src 'self'")
    expect(Object.keys(templateIn(named).resources)).toEqual(expect.arrayContaining(['WokenByPush']))
  })

  it('comes, with all that it needs, where it is set, and nothing else changes', () => {
    const before = Object.keys(made.template.resources)
    expect(Object.keys(templateIn(on).resources)).toEqual(expect.arrayContaining(before))
    expect(typesOf(on)).toEqual(
      expect.arrayContaining([
        'AWS::S3::Bucket',
        'AWS::CloudFront::Distribution',
        'AWS::CloudFront::OriginAccessControl',
        'AWS::CloudFront::ResponseHeadersPolicy',
      ]),
    )
    expect(templateIn(on).outputs).toHaveProperty('PageUrl')
  })

  it('may connect to the service alone, by a policy without anything unsafe', () => {
    const policy = JSON.stringify(propertiesOf(templateIn(on), 'PageHeaders'))
    expect(policy).toMatch(/default-src 'none'.*connect-src 'self' [^;]*Api[^;]*; .*require-trusted-types-for 'script'/)
    expect(policy).not.toContain('unsafe')
  })

  it('lies where CloudFront alone reads it, and that speaks HTTPS only', () => {
    expect(propertiesOf(templateIn(on), 'PageFiles')).toMatchObject({
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true },
    })
    const { DistributionConfig } = propertiesOf(templateIn(named), 'Page')
    expect(DistributionConfig).toMatchObject({
      Aliases: [NAMED.domain],
      DefaultCacheBehavior: { ViewerProtocolPolicy: 'redirect-to-https', Compress: true },
      ViewerCertificate: { MinimumProtocolVersion: 'TLSv1.2_2021' },
    })
  })

  it('has each of its files deployed, those with a hash apart from the others', () => {
    // By their endings: a hash may come before or after another.
    expect(
      readdirSync(join(folder, 'hashed')).toSorted((one, other) => extname(one).localeCompare(extname(other))),
    ).toEqual([
      expect.stringMatching(/^style-[0-9a-f]{8}\.css$/),
      expect.stringMatching(/^app-[0-9a-f]{8}\.js$/),
      expect.stringMatching(/^shared-[0-9A-Z]{8}\.js$/),
    ])
    expect(readdirSync(join(folder, 'other')).toSorted()).toEqual([
      'icon-192.png',
      'icon-512.png',
      'icon.svg',
      'index.html',
      'manifest.webmanifest',
      'worker.js',
    ])
  })

  it('must be built to be served', () => {
    const outdir = join(scratch, 'unbuilt')
    const thrown = thrownBy(() => synthesize({ bundles: made.bundles, outdir, context: withSettings({ page: 'on' }) }))
    expect(String(thrown)).toContain('the page is not built')
  })

  it.skipIf(CFN_LINT === undefined)(
    'is a template that cfn-lint finds nothing in (skipped where there is none)',
    async () => {
      const files = [on, named].map((folder) => join(folder, `${STACK}.template.json`))
      const found = await new Promise((resolve) => {
        const options = ['--format', 'parseable', '--regions', 'us-east-1', 'eu-central-1', '--ignore-checks', 'W3005']
        execFile(CFN_LINT ?? '', [...options, '--template', ...files], (_, out, errors) => resolve(out + errors))
      })
      expect(found).toBe('')
    },
  )
})
