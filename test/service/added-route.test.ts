import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App } from 'aws-cdk-lib'
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2'
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda'
import { afterAll, describe, expect, it } from 'vitest'
import { settingsFrom } from '../../infra/cdk/settings.ts'
import { collaborationStack } from '../../infra/cdk/stack.ts'
import type { SynthesisOptions } from '../../infra/cdk/synthesis.ts'
import { rawDevice } from '../kit/raw-device.ts'
import { services } from '../kit/service.ts'

const ECHO = `export const handler = async ({ body, requestContext: { routeKey } }) =>
  ({ statusCode: 200, body: JSON.stringify({ routeKey, greeting: process.env.GREETING, body: JSON.parse(body) }) })`

describe('a route added to the CDK app', () => {
  const service = services()
  const folder = mkdtempSync(join(tmpdir(), 'collaboration-echo-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** This project's app, with one route and one function more. */
  const appWithEcho = ({ bundles, outdir, context }: SynthesisOptions): string => {
    const app = new App({ ...(outdir && { outdir }), ...(context && { postCliContext: context }) })
    const stack = collaborationStack(app, 'Echoing', { settings: settingsFrom(app.node.getAllContext()), bundles })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'index.mjs'), ECHO)
    const echo = new LambdaFunction(stack, 'Echo', {
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: Code.fromAsset(folder),
      environment: { GREETING: 'hello' },
    })
    const api = stack.node.findChild('Api')
    if (!(api instanceof WebSocketApi)) throw new TypeError('Api is the WebSocket API')
    api.addRoute('echo', { integration: new WebSocketLambdaIntegration('Echo', echo), returnResponse: true })
    return app.synth().directory
  }

  it('is served by the local stack with no other change', async () => {
    const { url, keys } = await service({ app: appWithEcho })
    const raw = await rawDevice(url, 'ann-phone', keys.ann)

    raw.send(JSON.stringify({ action: 'echo', of: 'this' }))

    expect(JSON.parse(await raw.message())).toEqual({
      routeKey: 'echo',
      greeting: 'hello',
      body: { action: 'echo', of: 'this' },
    })
    raw.socket.close()
  })
})
