import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { functionNames } from '../../infra/cdk/bundle.ts'
import { answeredOnce, runtimeClientFile } from '../kit/runtime-api.ts'
import { services, type Service } from '../kit/service.ts'

const file = runtimeClientFile()

/** A frame that does not open, of a device that holds a connection: its refusal is sealed, with a key that had to be read. */
const GARBAGE = {
  body: '{"action":"send","frame":"x"}',
  requestContext: { connectionId: 'L0SM9cOFvHcCIhw=', routeKey: 'send', authorizer: { device: 'ann-phone' } },
}
const SEALED = { kind: 'response', value: { statusCode: 200, body: expect.stringMatching(/^\{"frame":"[\w.-]+"\}$/) } }

/** What each function makes of an event, where that is no sealed refusal. */
const OTHERS: Readonly<Record<string, { readonly event: unknown; readonly outcome: unknown }>> = {
  authorize: {
    event: { methodArn: 'arn', requestContext: { apiId: 'a', domainName: 'b', stage: 'live' } },
    outcome: { kind: 'error', value: expect.objectContaining({ errorMessage: 'Unauthorized' }) },
  },
  disconnect: { event: GARBAGE, outcome: { kind: 'response', value: expect.anything() } },
  // Its device has no subscription: nothing is pushed.
  push: {
    event: { time: '2026-01-01T00:00:00Z', detail: { device: 'ann-phone', session: '17-b0Jm3o2u9hQ5w1Zx' } },
    outcome: { kind: 'response', value: null },
  },
  // Its route has no response: it posts what it says, and here there is no connection to post to.
  status: { event: GARBAGE, outcome: { kind: 'response', value: { statusCode: 200 } } },
  // There is no session: it ends at once.
  upkeep: { event: {}, outcome: { kind: 'response', value: null } },
}

describe.skipIf(file === undefined)(
  'under AWS’s own runtime interface client (skipped where aws-lambda-ric is not installed: .ci/run installs it)',
  () => {
    const service = services()
    let running: Service
    beforeAll(async () => {
      running = await service({ ticks: false, webPush: { contact: 'mailto:ops@contoso.test' } })
    })

    it.each(functionNames())('the bundle of %s starts, and answers an event', async (name) => {
      const { variablesOf, description } = running
      const { name: functionName = '' } = description.functions.find((each) => each.name.endsWith(`-${name}`)) ?? {}
      const { event, outcome } = OTHERS[name] ?? { event: GARBAGE, outcome: SEALED }
      expect(await answeredOnce(file ?? '', variablesOf(functionName), event)).toEqual(outcome)
    })

    it('a module that exports no such handler, or does not load, is reported as what it is', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
      const started = async (text: string) => {
        writeFileSync(join(folder, 'index.mjs'), text)
        const { kind, value } = await answeredOnce(
          file ?? '',
          { _HANDLER: 'index.handler', LAMBDA_TASK_ROOT: folder },
          {},
        )
        return [kind, Object(value).errorType]
      }
      expect(await started('export const other = 1')).toEqual(['init/error', 'Runtime.HandlerNotFound'])
      expect(await started('export const handler = ')).toEqual(['init/error', 'Runtime.UserCodeSyntaxError'])
    })
  },
)
