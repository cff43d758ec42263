import {
  ApiGatewayManagementApiClient,
  type ApiGatewayManagementApiClientConfig,
  DeleteConnectionCommand,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import { awsCalls, directCalls } from '../rules/aws/calls.ts'
import { direct } from '../sdk/direct.ts'
import { postToConnection } from '../sdk/post-to-connection.ts'

/** Longest wait, in milliseconds, for @connections, all attempts together: behind a post a device waits, or a lease runs out. */
const POST_MS = 5_000

export interface Connections {
  /** Sends text over a connection. `false`: the connection is gone (410), which is an answer: out of coverage. */
  post(connection: string, text: string): Promise<boolean>
  /** Closes a connection; one that is gone already is fine. */
  close(connection: string): Promise<void>
}

/**
 * The @connections side of API Gateway.
 *
 * @param endpoint the stage's management URL, `https://…/stage`
 * @param config whose credentials to use, where they are not those of the environment
 */
export function connections(endpoint: string, config: ApiGatewayManagementApiClientConfig = {}): Connections {
  const client = direct(
    new ApiGatewayManagementApiClient({ ...awsCalls('connectionsAgain'), ...config, endpoint }),
    postToConnection,
    directCalls('connections'),
  )
  return {
    async post(connection, text) {
      try {
        await client.send(
          new PostToConnectionCommand({ ConnectionId: connection, Data: new TextEncoder().encode(text) }),
          {
            abortSignal: AbortSignal.timeout(POST_MS),
          },
        )
        return true
      } catch (thrown) {
        if (thrown instanceof GoneException) return false
        throw thrown
      }
    },
    async close(connection) {
      try {
        await client.send(new DeleteConnectionCommand({ ConnectionId: connection }), {
          abortSignal: AbortSignal.timeout(POST_MS),
        })
      } catch (thrown) {
        if (!(thrown instanceof GoneException)) throw thrown
      }
    },
  }
}
