import { GoneException, type PostToConnectionRequest } from '@aws-sdk/client-apigatewaymanagementapi'
import type { Way } from './way.ts'

/*
 * Stands for the SDK's serializer of PostToConnection, whose answer has no content. test/sdk/connections.test.ts holds it to it.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
 */
export const postToConnection: Way = {
  service: 'execute-api',
  write(operation, input) {
    if (operation !== 'PostToConnection' || !isPost(input)) return undefined
    const { ConnectionId, Data } = input
    return {
      path: `/@connections/${escaped(ConnectionId)}`,
      headers: { 'content-type': 'application/octet-stream' },
      body: Data,
    }
  },
  read: () => ({}),
  /** That a device has gone is as usual as that it is there. AWS says so without words, for which the SDK has these. */
  refusal({ statusCode, headers, body }, $metadata) {
    const isGone = statusCode === 410 && headers['x-amzn-errortype'] === 'GoneException' && body.length === 0
    return isGone ? new GoneException({ message: 'UnknownError', $metadata }) : undefined
  },
}

/** What of it is missing, or is a Blob, the SDK says or sends. */
function isPost(input: Partial<PostToConnectionRequest>): input is { ConnectionId: string; Data: Uint8Array } {
  return typeof input.ConnectionId === 'string' && input.ConnectionId !== '' && input.Data instanceof Uint8Array
}

/** Of RFC 3986's reserved characters, `encodeURIComponent` leaves some as they are. */
const escaped = (id: string): string =>
  encodeURIComponent(id).replaceAll(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
