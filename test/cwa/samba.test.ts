import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { authenticate, negotiate } from '../../shared/cwa/ntlm/ntlm.ts'
import { windowsUpperCase } from '../../shared/cwa/ntlm/windows-upper-case.ts'

/**
 * The client's NTLM judged by an implementation that is not ours. The stand-in shares the client's code, and would agree
 * with whatever it does. `ntlm_auth` as squid's helper needs no domain, no winbindd and no smbd: it gets the one
 * password that there is, and judges the messages of each client.
 */
const isThere = spawnSync('ntlm_auth', ['--version']).status === 0

interface Account {
  readonly user: string
  readonly domain?: string
  readonly password?: string
  readonly typed?: string
}

/** @returns `AF …` for who is let in, `NA …` for who is not */
async function judged({ user, domain = 'CONTOSO', password = 'geheim', typed = password }: Account): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'collaboration-samba-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const configuration = join(folder, 'smb.conf')
  const folders = ['private dir', 'state directory', 'lock directory', 'cache directory', 'pid directory']
  writeFileSync(
    configuration,
    [
      '[global]',
      'workgroup = CONTOSO',
      'ntlm auth = ntlmv2-only',
      ...folders.map((each) => `${each} = ${folder}`),
    ].join('\n'),
  )
  const helper = spawn('ntlm_auth', [
    `--configfile=${configuration}`,
    '--helper-protocol=squid-2.5-ntlmssp',
    '--domain=CONTOSO',
    '--workstation=CWA',
    '--username=nobody',
    `--password=${password}`,
  ])
  onTestFinished(() => void helper.kill())
  const lines = createInterface(helper.stdout)[Symbol.asyncIterator]()
  const ask = async (line: string): Promise<string> => {
    helper.stdin.write(`${line}\n`)
    const answer = await lines.next()
    return answer.done === true ? 'it ended' : answer.value
  }
  const negotiateMessage = negotiate()
  const [code, challenge = ''] = (await ask(`YR ${negotiateMessage.toString('base64')}`)).split(' ')
  expect(code).toBe('TT')
  const message = authenticate({
    challenge: Buffer.from(challenge, 'base64'),
    negotiateMessage,
    user,
    domain,
    password: typed,
    now: Date.now(),
  })
  return ask(`KK ${message.toString('base64')}`)
}

describe.skipIf(!isThere)("Samba's ntlm_auth (skipped where there is none; Debian has it in winbind)", () => {
  it.each([
    'ann',
    'ANN',
    'jürgen',
    'ışıl',
    'IŞIL',
    'straße',
    'łukasz',
    'ђорђе',
    'ελένη',
    'ირაკლი',
    'µ',
    'ſ',
    'ŉ',
    'ÿ',
    '𐐨',
  ])('lets %s in, whose name is in upper case as Windows has it', async (user) => {
    expect(await judged({ user })).toMatch(/^AF /)
  })

  it('refuses another password: it does judge', async () => {
    expect(await judged({ user: 'ışıl', typed: 'gehei' })).toMatch(/^NA /)
  })
})

describe('upper case as Windows has it', () => {
  it.each([
    ['ann Ω', 'ANN Ω'],
    ['ışıl', 'ıŞıL'],
    ['straße', 'STRAßE'],
    ['ângela çelik øst', 'ÂNGELA ÇELIK ØST'],
    ['ștefan', 'ȘTEFAN'],
    ['µ ſ ſt ŉ ǰ', 'µ ſ ſT ŉ ǰ'],
    ['ǆ ǅ Ǆ', 'Ǆ ǅ Ǆ'],
    ['ὀδυσσεύς', 'ὈΔΥΣΣΕΎς'],
    ['ᾀ ᾳ', 'ᾈ ᾼ'],
    ['ირაკლი', 'ირაკლი'],
    ['𐐨', '𐐨'],
    ['ÿ i̇', 'Ÿ İ'.replace('İ', 'I\u0307')],
  ])('of %s is %s', (name, upper) => {
    expect(windowsUpperCase(name)).toBe(upper)
  })
})
