import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SignatureV4 } from '@smithy/signature-v4'
import { AdminFault } from '../fault.ts'

/** Longest wait, in milliseconds, for an answer. */
const ANSWER_MS = 10_000

/** One call by GET of an AWS API that this program has no client of. */
export interface AwsCall {
  /** As host names and the credential scope have it: `apigateway`, `ec2`. */
  readonly service: string
  /** Another endpoint than AWS's, as the SDK's variables `AWS_ENDPOINT_URL_…` say it. */
  readonly endpoint: string | undefined
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
}

export interface AwsAnswer {
  readonly status: number
  readonly text: string
}

/**
 * Asks with the credentials and the region of another client, signed by Signature Version 4.
 *
 * @param managementUrl the stage's, `https://API.execute-api.REGION.SUFFIX/…`: the partition's suffix is taken from it
 * @throws AdminFault where neither tells a host name; errors of the network as they are
 */
export async function awsAnswer(client: DynamoDBClient, managementUrl: string, call: AwsCall): Promise<AwsAnswer> {
  const { service, path, query = {} } = call
  const url = new URL(path, call.endpoint ?? hostOf(service, managementUrl))
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  const { credentials, region, sha256 } = client.config
  const signer = new SignatureV4({ service, region, credentials, sha256 })
  const { headers } = await signer.sign({
    method: 'GET',
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query,
    headers: { host: url.host, accept: 'application/json' },
  })
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_MS) })
  return { status: response.status, text: await response.text() }
}

function hostOf(service: string, managementUrl: string): string {
  const [, region, suffix] = /^[\w-]+\.execute-api\.([\w-]+)\.(.+)$/.exec(new URL(managementUrl).hostname) ?? []
  if (region === undefined) throw new AdminFault(`${managementUrl} does not tell the region and AWS's suffix there`)
  return `https://${service}.${region}.${suffix}`
}
