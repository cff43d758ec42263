import { describe, expect, test } from 'vitest'
import { CwaFault } from '../../shared/cwa/faults.ts'
import { CWA_LIMITS } from '../../shared/cwa/limits.ts'
import { xmlCodec } from '../../shared/cwa/xml/xml.ts'

const NAMESPACE = 'http://schemas.microsoft.com/2006/09/rtc/cwa'
const responses = (inner: string) =>
  xmlCodec.parseResponses(`<cwaResponses requestProcessed="1">${inner}</cwaResponses>`)
const events = (inner: string) => xmlCodec.parseEvents(`<cwaEvents ackId="7">${inner}</cwaEvents>`)
const answerTo = (inner: string) => responses(inner).answers[0]
const eventOf = (inner: string) => events(inner).events[0]

const methodsIn = (inner: string) => () => xmlCodec.parseRequests(`<cwaRequests sid="1">${inner}</cwaRequests>`)

const instanceCalled = (name: string) => `<selfPresence eid="1"><cwaCategory name="state" ${name}="3"/></selfPresence>`

const messageOf = (content: string) =>
  eventOf(
    `<conference eid="1" confId="1"><messageReceived sender="sip:a@b"><message><content>${content}</content></message></messageReceived></conference>`,
  )

function fault(action: () => unknown): CwaFault {
  try {
    action()
  } catch (thrown) {
    if (thrown instanceof CwaFault) return thrown
    throw thrown
  }
  throw new Error('it was readable')
}

describe('XML requests', () => {
  test('have the envelope, namespace and sid of bb969623, and rid and confId around a conference method', () => {
    const method = {
      method: 'sendMessage',
      rid: '5',
      confId: 3,
      message: { format: 'text/plain', content: 'a < b' },
    } as const
    expect(xmlCodec.printRequests({ sid: '42', methods: [method] })).toBe(
      `<cwaRequests sid="42" xmlns="${NAMESPACE}"><conference rid="5" confId="3"><sendMessage>` +
        '<format>text/plain</format><content>a &lt; b</content></sendMessage></conference></cwaRequests>',
    )
  })

  test('have the options of initiateSession as attributes of one element (bb969561)', () => {
    const method = {
      method: 'initiateSession',
      rid: '1',
      localeId: 1033,
      userStateAvailability: 3500,
      autoPublishMachineState: true,
      signInData: 'PHM+',
    } as const
    expect(xmlCodec.printRequests({ methods: [method] })).toBe(
      `<cwaRequests xmlns="${NAMESPACE}"><initiateSession rid="1"><localeId>1033</localeId>` +
        '<userStateAvailability>3500</userStateAvailability><options autoPublishMachineState="true"/>' +
        '<signInData>PHM+</signInData></initiateSession></cwaRequests>',
    )
  })

  test('call the instance of a category instanceMask, and give its state a type (bb969515)', () => {
    const value = { type: 'machineState', availability: 5000, manual: false } as const
    const categories = [{ name: 'state', instance: 0x3000_0000, value }]
    const printed = xmlCodec.printRequests({
      sid: '1',
      methods: [{ method: 'publishSelfPresence', rid: '2', categories }],
    })
    expect(printed).toContain('<cwaCategory name="state" instanceMask="805306368">')
    expect(printed).toContain('xsi:type="machineState" manual="false"><availability>5000</availability></state>')
  })

  test('are refused when a text has a character that XML cannot carry, without quoting the text', () => {
    const methods = [{ method: 'logon', user: 'ann', password: 'hush\u0001' }] as const
    const refused = fault(() => xmlCodec.printRequests({ methods }))
    expect(refused.kind).toBe('give-up')
    expect(refused.message).toContain('password')
    expect(refused.message).not.toContain('hush')
    for (const text of ['\uD800', '\uDFFF\uD800', '\uFFFE', '\v']) {
      const carrying = [{ method: 'logon', user: text }] as const
      expect(() => xmlCodec.printRequests({ methods: carrying })).toThrow('cannot carry')
    }
  })

  test('keep a method that is not in the protocol, or not as it should be, by its name', () => {
    expect(methodsIn('<selfDestruct rid="1"/><later/>')().methods).toEqual([
      { method: 'other', name: 'selfDestruct', rid: '1' },
      { method: 'other', name: 'later' },
    ])
    expect(methodsIn('<conference rid="1" confId="2"><lock/></conference><addGroup rid="3"/>')().methods).toEqual([
      { method: 'other', name: 'lock', rid: '1', confId: 2 },
      { method: 'other', name: 'addGroup', rid: '3' },
    ])
  })

  test('are refused when they have several methods in one conference, or one that could not be answered', () => {
    expect(methodsIn('<conference rid="1" confId="1"><acceptImSession/><terminateImSession/></conference>')).toThrow(
      'one method',
    )
    expect(methodsIn('<conference rid="1"><acceptImSession/></conference>')).toThrow('cwaRequests/conference/confId')
    expect(methodsIn('<terminateSession/>')).toThrow('cwaRequests/terminateSession/rid')
  })
})

describe('XML answers', () => {
  test('have the sid in requestAccepted or in the older initiateSessionAccepted', () => {
    const accepted = { answer: 'requestAccepted', rid: '1', sid: '42', pollWaitTime: 3000 }
    expect(
      answerTo('<requestAccepted rid="1"><sid>42</sid><pollWaitTime>3000</pollWaitTime></requestAccepted>'),
    ).toEqual(accepted)
    expect(answerTo('<initiateSessionAccepted rid="1" sid="42" pollWaitTime="3000"/>')).toEqual(accepted)
  })

  test.each([
    ['an attribute', '<requestAccepted pollWaitTime="2500"/>'],
    ['a child', '<requestAccepted><pollWaitTime> 2500 </pollWaitTime></requestAccepted>'],
    ['a child with a capital', '<requestAccepted><PollWaitTime>2500</PollWaitTime></requestAccepted>'],
  ])('have pollWaitTime as %s', (_form, xml) => {
    expect(answerTo(xml)).toEqual({ answer: 'requestAccepted', pollWaitTime: 2500 })
  })

  test('may be requestFailed, with the error of either generation', () => {
    const newer =
      '<error code="18201" subCode="0" reason="failed" detail="d"><sipResponse code="485" reason="Ambiguous">' +
      '<ms-diagnostics>1003;reason="x"</ms-diagnostics></sipResponse></error>'
    expect(answerTo(`<requestFailed rid="4">${newer}</requestFailed>`)).toEqual({
      answer: 'requestFailed',
      rid: '4',
      error: {
        code: 18201,
        subCode: 0,
        reason: 'failed',
        detail: 'd',
        sip: { code: 485, reason: 'Ambiguous', diagnostics: '1003;reason="x"' },
      },
    })
    expect(
      answerTo('<requestFailed rid="4"><error code="18201" warning="failed" description="d"/></requestFailed>'),
    ).toEqual({
      answer: 'requestFailed',
      rid: '4',
      error: { code: 18201, reason: 'failed', detail: 'd' },
    })
    expect(
      answerTo(
        '<requestFailed rid="4" exception="18201" exceptionDetail="d"><sipResponse code="480" warning="away"/></requestFailed>',
      ),
    ).toMatchObject({ error: { code: 18201, detail: 'd', sip: { code: 480, reason: 'away' } } })
  })

  test('may be requestInvalid or requestRejected, with or without an error, or an error alone', () => {
    expect(answerTo('<requestInvalid rid="4"><error code="18001"/></requestInvalid>')).toEqual({
      answer: 'requestInvalid',
      rid: '4',
      error: { code: 18001 },
    })
    expect(answerTo('<requestRejected rid="4"/>')).toEqual({ answer: 'requestRejected', rid: '4' })
    expect(answerTo('<error code="18100"/>')).toEqual({ answer: 'error', error: { code: 18100 } })
  })

  test('may have events among them (bb969556)', () => {
    const value = responses(
      '<initiateImSessionAccepted rid="5" confId="1"/>' +
        '<cwaEvents ackId="18" sessionTimeout="594"><conference eid="18" confId="1"><initiateImSessionAccepted rid="5"/></conference></cwaEvents>',
    )
    expect(value.answers).toEqual([{ answer: 'initiateImSessionAccepted', rid: '5', confId: 1 }])
    expect(value.events).toEqual({
      ackId: 18,
      sessionTimeout: 594,
      events: [{ event: 'initiateImSessionAccepted', eid: 18, confId: 1, rid: '5' }],
    })
  })

  test('may have initiateImSessionAccepted inside of a conference', () => {
    const xml = '<conference rid="5" confId="9"><initiateImSessionAccepted/></conference>'
    expect(answerTo(xml)).toEqual({ answer: 'initiateImSessionAccepted', rid: '5', confId: 9 })
  })

  test('of a sign-in may have signInData and uri in the envelope', () => {
    expect(responses('<signInData>abc</signInData><uri>ann@contoso.test</uri>').answers).toEqual([
      { answer: 'requestSucceeded', signInData: 'abc', uri: 'sip:ann@contoso.test' },
    ])
  })

  test('of a name that is not known are passed over', () => {
    expect(responses('<voIPTerminateAccepted rid="1"/><requestAccepted rid="2"/>').answers).toEqual([
      { answer: 'requestAccepted', rid: '2' },
    ])
  })
})

describe('XML events', () => {
  test('have a URI with or without sip: and with stray blanks', () => {
    expect(eventOf('<userPresence eid="1"><user uri=" ann@contoso.test "/></userPresence>')).toMatchObject({
      users: [{ uri: 'sip:ann@contoso.test' }],
    })
    expect(
      eventOf(
        '<conference eid="1" confId="1"><participantRemoved> sip:bob@contoso.test\n</participantRemoved></conference>',
      ),
    ).toMatchObject({
      uri: 'sip:bob@contoso.test',
    })
  })

  test('have the instance of a category as instance or instanceMask', () => {
    expect(eventOf(instanceCalled('instance'))).toEqual(eventOf(instanceCalled('instanceMask')))
  })

  test('have a messageId that is no number', () => {
    expect(
      eventOf('<conference eid="1" confId="1"><messageIdReceived rid="4" messageId="2-mcu"/></conference>'),
    ).toEqual({
      event: 'messageIdReceived',
      eid: 1,
      confId: 1,
      rid: '4',
      messageId: '2-mcu',
    })
  })

  test("have a child's rid on the conference, too", () => {
    expect(
      eventOf('<conference eid="1" confId="1" rid="4"><messageSendFailed messageId="2"/></conference>'),
    ).toMatchObject({ rid: '4' })
  })

  test('have attributes in any case', () => {
    const xml =
      '<conference Eid="2" ConfID="1"><messageReceived Sender="sip:a@b"><message><Content>hi</Content></message></messageReceived></conference>'
    expect(eventOf(xml)).toEqual({
      event: 'messageReceived',
      eid: 2,
      confId: 1,
      sender: 'sip:a@b',
      message: { content: 'hi' },
    })
  })

  test('have sessionTimeout also as MSDN misspells it', () => {
    expect(xmlCodec.parseEvents('<cwaEvents ackId="1" sesionTimeout="594"/>')).toEqual({
      ackId: 1,
      sessionTimeout: 594,
      events: [],
    })
  })

  test('are read from a live capture: prefixes, declaration, comments, payloads that are not ours', () => {
    const xml = `<?xml version="1.0" encoding="utf-8"?>
      <c:cwaEvents xmlns:c="${NAMESPACE}" sid="7" pollWaitTime="1000" ackId="12">
        <!-- one batch -->
        <c:userPresence eid="12"><c:user uri="sip:ann@contoso.test" sourceNetwork="sameEnterprise">
          <c:cwaCategory name="state" instance="1" publishTime="2010-09-01T00:00:00"><state xsi:type="aggregateState"
            xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.microsoft.com/2006/09/sip/state">
            <availability>3500</availability></state></c:cwaCategory>
          <c:cwaCategory name="calendarData" instance="0"><calendarData><freeBusy>AAAA</freeBusy></calendarData></c:cwaCategory>
          <c:cwaCategory name="contactCard" instance="0"><contactCard><identity><name><displayName>Ann &amp; Co</displayName></name>
            <email>ann@contoso.test</email></identity></contactCard></c:cwaCategory>
          <c:cwaCategory name="note"/>
        </c:user></c:userPresence>
      </c:cwaEvents>`
    expect(xmlCodec.parseEvents(xml)).toEqual({
      sid: '7',
      pollWaitTime: 1000,
      ackId: 12,
      events: [
        {
          event: 'userPresence',
          eid: 12,
          users: [
            {
              uri: 'sip:ann@contoso.test',
              sourceNetwork: 'sameEnterprise',
              categories: [
                {
                  name: 'state',
                  instance: 1,
                  publishTime: '2010-09-01T00:00:00',
                  value: { type: 'aggregateState', availability: 3500 },
                },
                { name: 'calendarData', instance: 0 },
                {
                  name: 'contactCard',
                  instance: 0,
                  value: { type: 'contactCard', displayName: 'Ann & Co', email: 'ann@contoso.test' },
                },
                { name: 'note' },
              ],
            },
          ],
        },
      ],
    })
  })

  test('of a name that is not known are kept by name', () => {
    expect(eventOf('<voIPReceived eid="9"><x/></voIPReceived>')).toEqual({
      event: 'other',
      name: 'voIPReceived',
      eid: 9,
    })
    expect(eventOf('<conference eid="9" confId="2"><enableAppearOffline/></conference>')).toEqual({
      event: 'other',
      name: 'enableAppearOffline',
      eid: 9,
    })
  })

  test('read CDATA as it stands, references as characters, and forbidden ones as U+FFFD', () => {
    expect(messageOf('<![CDATA[<b>&amp;</b>]]> &#x1F600;&#65;')).toMatchObject({
      message: { content: '<b>&amp;</b> 😀A' },
    })
    expect(messageOf('a&#0;b&#x1f;&#xD800;')).toMatchObject({ message: { content: 'a\uFFFDb\uFFFD\uFFFD' } })
    expect(messageOf('<![CDATA[<!DOCTYPE html>]]>')).toMatchObject({ message: { content: '<!DOCTYPE html>' } })
    expect(messageOf('  two\n lines  ')).toMatchObject({ message: { content: '  two\n lines  ' } })
    expect(messageOf('a&nbsp;b &lt; c')).toMatchObject({ message: { content: 'a&nbsp;b < c' } })
  })
})

test('an unknown element may have any name of XML 1.0, and prints as it was read', () => {
  const xml = '<cwaEvents ackId="1"><p:Ͱñ·1 eid="1"/></cwaEvents>'
  const read = xmlCodec.parseEvents(xml)
  expect(xmlCodec.printEvents(read)).toContain('<Ͱñ·1 ')
})

describe('XML that is not readable', () => {
  test.each([
    ['empty', ''],
    ['HTML', '<!DOCTYPE html><html><body>Sign in</body></html>'],
    ['HTML without a DOCTYPE', '<html><body>Sign in</body></html>'],
    ['JSON', '{"cwaEvents":{"ackId":1,"events":[]}}'],
    ['cut off', '<cwaEvents ackId="1"><selfPresence eid="1">'],
    ['cut off in a tag', '<cwaEvents ackId="1'],
    ['wrongly nested', '<cwaEvents ackId="1"><a eid="1"><b></a></b></cwaEvents>'],
    ['two documents', '<cwaEvents ackId="1"/><cwaEvents ackId="2"/>'],
    ['followed by text', '<cwaEvents ackId="1"></cwaEvents>more'],
    ['of a document type', '<!DOCTYPE x [<!ENTITY a "b">]><cwaEvents ackId="1"/>'],
    ['with an element that has a prefix and no name', '<cwaEvents ackId="1"><a: eid="1"/></cwaEvents>'],
    ['with an element whose name begins as none does', '<cwaEvents ackId="1"><a:1b eid="1"/></cwaEvents>'],
    ['without its ackId', '<cwaEvents/>'],
    ['with an ackId that is no number', '<cwaEvents ackId="soon"/>'],
    [
      'too deep',
      `<cwaEvents ackId="1">${'<a eid="1">'.repeat(CWA_LIMITS.depth + 1)}${'</a>'.repeat(CWA_LIMITS.depth + 1)}</cwaEvents>`,
    ],
    ['too long', `<cwaEvents ackId="1">${' '.repeat(CWA_LIMITS.body)}</cwaEvents>`],
  ])('is given up: %s', (_name, text) => {
    const given = fault(() => xmlCodec.parseEvents(text))
    expect(given.kind).toBe('give-up')
    expect(given.message.length).toBeLessThan(200)
  })

  test('comes with what was expected and where', () => {
    expect(fault(() => xmlCodec.parseEvents('<html/>')).message).toBe(
      'the XML is not readable: the root element should be cwaEvents, not html',
    )
    const confused = '<conference eid="1" confId="1"><imSessionState>confused</imSessionState></conference>'
    expect(events(confused)).toMatchObject({
      events: [{ event: 'other', name: 'imSessionState', eid: 1 }],
      unread: {
        parts: 1,
        first: [
          'the XML is not readable: cwaEvents/conference/imSessionState/text should be incoming or connecting or connected or terminated',
        ],
      },
    })
    expect(fault(() => xmlCodec.parseEvents('<cwaEvents>\n<a></b></cwaEvents>')).message).toContain('line 2')
  })
})
