import type { Seen } from './scripted-endpoint.ts'

/** What a call came to, without what is another one in each run. */
export async function outcomeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    return { brought: withoutTimes(await work) }
  } catch (thrown) {
    if (!(thrown instanceof Error)) return { thrown }
    const { name, message, constructor } = thrown
    return { ...withoutTimes(thrown), name, message, constructor }
  }
}

/** How long the SDK paused is chance. */
function withoutTimes(value: unknown): object {
  const { $metadata, $response: _, ...rest } = Object(value)
  const { totalRetryDelay: _paused, ...metadata } = Object($metadata)
  return { ...rest, $metadata: metadata }
}

const DIFFERS: ReadonlySet<string> = new Set([
  'x-amz-date',
  'amz-sdk-invocation-id',
  'x-amz-user-agent',
  'x-amz-content-sha256',
])

/** What was sent, but for time, chance and who sends it; the signature's own text is signature.test.ts's. */
export function sent({ method, url, headers, body }: Seen, path: string): object {
  const { authorization = '', 'user-agent': agent = '', ...rest } = headers
  const same = Object.entries(rest).filter(([name]) => !DIFFERS.has(name))
  return {
    method,
    url: url.slice(path.length),
    headers: Object.fromEntries(same),
    scope: /Credential=\S+/.exec(authorization)?.[0].replace(/\d{8}/, ''),
    isOfTheSdk: /^aws-sdk-js\/[\d.]+ /.test(agent),
    body: headers['content-type'] === 'application/x-amz-json-1.0' ? JSON.parse(body.toString()) : body,
  }
}
