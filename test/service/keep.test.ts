import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { afterAll, describe, expect, it } from 'vitest'
import { sessions } from '../../shared/store/sessions.ts'
import { table } from '../../shared/store/table.ts'
import { services } from '../kit/service.ts'

const LOCAL = { accessKeyId: 'local', secretAccessKey: 'local' }

describe('tables that are kept', () => {
  const service = services()
  const keep = mkdtempSync(join(tmpdir(), 'collaboration-keep-'))
  afterAll(() => rmSync(keep, { recursive: true, force: true }))

  it('hold the configuration and the sessions from one start to the next', async () => {
    const first = await service({ keep })
    const { session } = await first.ann.device.login(first.ann.person.login, first.ann.person.password)
    first.ann.device.close()
    await first.stop()

    const { dynamo, description } = await service({ keep })

    const client = new DynamoDBClient({ endpoint: dynamo.url, region: 'local', credentials: LOCAL })
    const kept = sessions(table(client, description.outputs['SessionsTable'] ?? ''))
    await expect(kept.ofDevice('ann-phone')).resolves.toMatchObject({ session })
  })
})
