import { mkdtempSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { enrollTo, offeredIn } from '../../infra/chat/enrolling.ts'
import { newEnrolmentCode, printEnrolmentCode } from '../../shared/wire/enrolment.ts'

function place(): string {
  const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'ann.json')
}

/** Nothing listens there. */
const NOWHERE = 'ws://127.0.0.1:9/live'

describe('a device that enrolls', () => {
  it('touches no file that is there', async () => {
    const path = place()
    writeFileSync(path, 'the key of another')
    const code = printEnrolmentCode(newEnrolmentCode('ann-phone'))
    await expect(enrollTo(path, { url: NOWHERE, code })).rejects.toThrow('Give another name by --device FILE')
    expect(readFileSync(path, 'utf8')).toBe('the key of another')
  })

  it.each([
    ['is refused', printEnrolmentCode(newEnrolmentCode('ann-phone')), '127.0.0.1:9 took no connection with this code'],
    ['mistypes its code', 'ann-phone/000', 'an enrolment code has 33 digits and letters'],
  ])('leaves no file where it %s', async (_, code, words) => {
    const path = place()
    await expect(enrollTo(path, { url: NOWHERE, code })).rejects.toThrow(words)
    expect(existsSync(path)).toBe(false)
  })

  it('reads the file that the administrator made, and quotes no other', async () => {
    const path = place()
    writeFileSync(path, '{"url":"wss://h/s","code":"ann-phone/SECRET"}')
    expect(await offeredIn(path)).toEqual({ url: 'wss://h/s', code: 'ann-phone/SECRET' })
    writeFileSync(path, '{"code":"SECRET"')
    await expect(offeredIn(path)).rejects.toThrow(/^(?!.*SECRET).*devices enroll --out FILE/)
  })
})
