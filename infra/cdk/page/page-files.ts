import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CfnElement, Validations, type Stack } from 'aws-cdk-lib'
import type { IBucket } from 'aws-cdk-lib/aws-s3'
import { BucketDeployment, CacheControl, Source } from 'aws-cdk-lib/aws-s3-deployment'
import { buildPage } from '../../web/build.ts'

/** Folders in that of the page: files whose names have their content's hash, and the others. */
const HASHED = 'hashed'
const OTHER = 'other'

/**
 * Builds the page and writes its files where a deployment finds them.
 *
 * @returns the folder
 */
export async function pageFolder(folder: string): Promise<string> {
  const { files } = await buildPage()
  for (const { path, hashed, content } of files) {
    const file = join(folder, hashed ? HASHED : OTHER, path === '/' ? 'index.html' : path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
  return folder
}

interface Deployed {
  readonly bucket: IBucket
  readonly folder: string
  /** Where the page connects. */
  readonly url: string
  readonly cacheControl: Readonly<Record<'hashed' | 'other', string>>
}

/**
 * Puts the files into the bucket with each deployment: first those whose names are new, then the page that names them.
 * Those of before stay, for pages that are open. Nothing is invalidated: CloudFront asks for what is not hashed each time.
 */
export function deployed(stack: Stack, { bucket, folder, url, cacheControl }: Deployed): void {
  const hashed = new BucketDeployment(stack, 'PageFilesHashed', {
    sources: [Source.asset(join(folder, HASHED))],
    destinationBucket: bucket,
    cacheControl: [CacheControl.fromString(cacheControl.hashed)],
    prune: false,
    retainOnDelete: false,
  })
  const other = new BucketDeployment(stack, 'PageFilesOther', {
    sources: [Source.asset(join(folder, OTHER)), Source.jsonData('service.json', { url })],
    destinationBucket: bucket,
    cacheControl: [CacheControl.fromString(cacheControl.other)],
    prune: false,
    retainOnDelete: false,
  })
  other.node.addDependency(hashed)
  acknowledged(stack, bucket)
}

/** The CDK's own function copies the files, with permissions that the CDK writes: no others can be given to it. */
function acknowledged(stack: Stack, bucket: IBucket): void {
  const copies = stack.node.children.find(({ node }) => node.id.startsWith('Custom::CDKBucketDeployment'))
  if (copies === undefined) throw new Error('the CDK has no function that copies the files')
  const reason =
    'It is the CDK’s own function: it reads the assets of this deployment, and writes the bucket of the page.'
  const actions = ['GetBucket*', 'GetObject*', 'List*', 'Abort*', 'DeleteObject*'].map(
    (action) => `Action::s3:${action}`,
  )
  const { bootstrapQualifier: qualifier = '' } = stack.synthesizer
  const assets = `arn:<AWS::Partition>:s3:::cdk-${qualifier}-assets-<AWS::AccountId>-<AWS::Region>`
  const resources = [`Resource::${assets}/*`, `Resource::<${logicalId(stack, bucket)}.Arn>/*`]
  const policy = 'service-role/AWSLambdaBasicExecutionRole'
  Validations.of(copies).acknowledge(
    { id: `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policy}]`, reason },
    { id: 'AwsSolutions-L1', reason: 'Which Python it runs on is the CDK’s to say, and comes with its versions.' },
    ...[...actions, ...resources].map((finding) => ({ id: `AwsSolutions-IAM5[${finding}]`, reason })),
  )
}

function logicalId(stack: Stack, { node: { defaultChild } }: IBucket): string {
  if (!CfnElement.isCfnElement(defaultChild)) throw new TypeError('a bucket is made of a CloudFormation resource')
  return stack.getLogicalId(defaultChild)
}
