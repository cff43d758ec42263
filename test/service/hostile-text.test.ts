import { describe, expect, it } from 'vitest'
import type { LambdaLogLine } from '../../infra/aws/lambda/log.ts'
import { people } from '../../infra/local/people.ts'
import { rawDevice } from '../kit/raw-device.ts'
import { services } from '../kit/service.ts'

/** What would mean something to a header, a URL, a shell, XML, JSON, a log or a terminal, were it not escaped. */
const HOSTILE = `]]></text><x a="1">&lt;&#0; \r\nHost: evil\r\n\r\n{"what":"forged"}\n%0d%0a?x=1#'"\\ \${env} ☃`
const NAMES = [
  'CONTOSO\\ann\r\nCookie: x=1',
  'ann"<&>\'@contoso.test',
  '../../iwa/logon?x=1#',
  'CONTOSO\\%00\u0000ann',
  HOSTILE,
]

describe.each(['json', 'xml'] as const)('what a device says, over %s', (codec) => {
  const service = services()

  it('reaches CWA and another device as it is, and neither a header, a URL nor a log line of its own', async () => {
    const lines: LambdaLogLine[] = []
    const { ann, bob, ...running } = await service({ codec, lambda: { log: (line) => lines.push(line) } })
    for (const { device, person } of [ann, bob]) await device.login(person.login, person.password)

    const text = HOSTILE.replaceAll('\r\n', '\n')
    const { conversation = '' } = await ann.device.send({ kind: 'start', to: ['sip:bob@contoso.test'], text })
    const invitation = await bob.saw('the invitation', 'invitation')
    await bob.device.send({ kind: 'accept', conversation: invitation.conversation })
    await ann.saw('the conversation', 'conversation', ({ state }) => state === 'connected')
    await ann.device.send({ kind: 'message', conversation, text: `${text}2` })
    const message = await bob.saw('the message', 'message', ({ text }) => text.endsWith('2'))

    // Characters that XML cannot carry are left out on the way; everything else arrives.
    expect(invitation.text?.replaceAll('\r\n', '\n')).toBe(text)
    expect(message.text.replaceAll('\r\n', '\n')).toBe(`${text}2`)

    const before = running.cwa.control.requests().length
    const raw = await rawDevice(running.url, people().cat.device, running.keys.cat)
    let number = Date.now()
    const answers = []
    for (const user of NAMES) {
      await running.configuration.putUser(user, { permitted: true })
      raw.send(await raw.sealed('login', { type: 'login', user, password: HOSTILE }, (number += 1)))
      answers.push(await raw.frame())
    }
    raw.socket.close()

    expect(answers).toMatchObject(NAMES.map(() => ({ type: 'refused' })))
    const asked = running.cwa.control.requests().slice(before)
    expect(asked.filter(({ path }) => !/^\/(iwa|forms|cwa)\/[\w.]+$/.test(path))).toEqual([])
    for (const { text } of lines) expect(text.trimEnd()).not.toMatch(/forged|evil|[\r\n]/)
  })
})
