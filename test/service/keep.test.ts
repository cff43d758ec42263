import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { sessions } from '../../shared/store/sessions.ts'
import { services } from '../kit/service.ts'
import { keptTable } from '../kit/tables.ts'

describe('tables that are kept', () => {
  const service = services()
  const keep = mkdtempSync(join(tmpdir(), 'collaboration-keep-'))
  afterAll(() => {
    rmSync(keep, { recursive: true, force: true })
    rmSync(`${keep}.keys`)
  })

  it('hold the configuration and the sessions from one start to the next', async () => {
    const first = await service({ keep })
    const { session } = await first.ann.device.login(first.ann.person.login, first.ann.person.password)
    first.ann.device.close()
    await first.stop()

    const second = await service({ keep })

    const kept = sessions(keptTable(second), second.vault)
    await expect(kept.ofDevice('ann-phone')).resolves.toMatchObject({ session })
    // The secret opens with the key that was kept beside the tables.
    await expect(kept.read(session)).resolves.toMatchObject({
      device: 'ann-phone',
      state: { secret: expect.stringMatching(/^\S{20,}$/) },
    })
    expect(statSync(`${keep}.keys`).mode & 0o777).toBe(0o600)
  })
})
