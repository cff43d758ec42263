import { CfnOutput, Duration, RemovalPolicy, Validations, type Stack } from 'aws-cdk-lib'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import {
  CachePolicy,
  Distribution,
  HeadersFrameOption,
  HeadersReferrerPolicy,
  HttpVersion,
  ResponseHeadersPolicy,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront'
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins'
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from 'aws-cdk-lib/aws-s3'
import type { Api } from '../api.ts'
import { CACHE_CONTROL, contentSecurityPolicy, PAGE_HEADERS } from '../../web/headers.ts'
import { deployed } from './page-files.ts'
import type { StackSettings } from '../settings.ts'

/** A year: browsers speak HTTPS with this host only. */
const STRICT_TRANSPORT = Duration.days(365)

/**
 * The browser client: its files in a bucket that this CloudFront distribution alone can read. None of the service goes
 * through here: the page connects to the API by itself.
 *
 * @param folder the built page (page-files.ts)
 */
export function page(stack: Stack, { page: set }: StackSettings, gateway: Api, folder: string | undefined): void {
  if (set === undefined) return
  if (folder === undefined) throw new Error('the page is not built: collaboration:page wants it served')
  const made = new Bucket(stack, 'PageFiles', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    // They are made anew by each deployment. The bucket goes once it is empty; what deploys the files takes them away.
    removalPolicy: RemovalPolicy.DESTROY,
  })
  // The CDK is not written for TypeScript's exact optional properties: its own class does not fit its own interface.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const bucket = made as IBucket
  const named = set === 'on' ? undefined : set
  const distribution = new Distribution(stack, 'Page', {
    comment: `${stack.stackName}: the browser client`,
    defaultRootObject: 'index.html',
    httpVersion: HttpVersion.HTTP2_AND_3,
    minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
    ...(named && {
      domainNames: [named.domain],
      certificate: Certificate.fromCertificateArn(stack, 'PageCertificate', named.certificate),
    }),
    defaultBehavior: {
      origin: S3BucketOrigin.withOriginAccessControl(bucket),
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      // By the files' own Cache-Control, compressed as the browser takes it.
      cachePolicy: CachePolicy.CACHING_OPTIMIZED,
      compress: true,
      responseHeadersPolicy: headers(stack, gateway),
    },
  })
  acknowledged(made, distribution)
  deployed(stack, { bucket, folder, url: gateway.url, cacheControl: CACHE_CONTROL })
  new CfnOutput(stack, 'PageUrl', {
    value: `https://${named?.domain ?? distribution.distributionDomainName}/`,
    description: 'Where people open the browser client',
  })
  if (named) {
    new CfnOutput(stack, 'PageAlias', {
      value: distribution.distributionDomainName,
      description: `Where the DNS record of ${named.domain} is to lead (CNAME, or an alias of Route 53)`,
    })
  }
}

function headers(stack: Stack, { origin }: Api): ResponseHeadersPolicy {
  const own = Object.entries(PAGE_HEADERS).filter(([name]) => !STANDARD.has(name))
  return new ResponseHeadersPolicy(stack, 'PageHeaders', {
    comment: `${stack.stackName}: headers of each file`,
    securityHeadersBehavior: {
      contentSecurityPolicy: { contentSecurityPolicy: contentSecurityPolicy(origin), override: true },
      contentTypeOptions: { override: true },
      frameOptions: { frameOption: HeadersFrameOption.DENY, override: true },
      referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.NO_REFERRER, override: true },
      strictTransportSecurity: { accessControlMaxAge: STRICT_TRANSPORT, override: true },
    },
    customHeadersBehavior: {
      customHeaders: own.map(([header, value]) => ({ header, value, override: true })),
    },
  })
}

/** Headers for which CloudFront has a place of their own. */
const STANDARD: ReadonlySet<string> = new Set(['referrer-policy', 'x-content-type-options'])

function acknowledged(bucket: Bucket, distribution: Distribution): void {
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason: 'Only CloudFront reads it, and what is in it anybody may have: the same files for everyone, and no secret.',
  })
  Validations.of(distribution).acknowledge(
    {
      id: 'AwsSolutions-CFR1',
      reason: 'Whose country may use it is for the team to say; the API asks each device for its key.',
    },
    {
      id: 'AwsSolutions-CFR2',
      reason: 'A firewall would guard static files; sessions are guarded by the API, where frames are.',
    },
    {
      id: 'AwsSolutions-CFR3',
      reason: 'Who fetched the same static files as everyone tells nothing; who connects, the API logs.',
    },
    {
      id: 'AwsSolutions-CFR4',
      reason:
        'Under CloudFront’s own name its own certificate holds, and the minimum with it; with a domain it is TLS 1.2.',
    },
  )
}
