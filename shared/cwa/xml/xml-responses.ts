import type { CwaAnswer, CwaResponses } from '../model.ts'
import { sipUri } from '../uri.ts'
import type { Element, Printable } from './xml-element.ts'
import { attribute, childOf, field, integer, must, present, tag, textTag } from './xml-element.ts'
import { parseError, printError } from './xml-error.ts'
import { eventsElement, readEvents } from './xml-events.ts'
import { each, number as lenient, orNothing } from './xml-lenient.ts'
import { readXml } from './xml-read.ts'
import { CWA_NAMESPACE, writeXml } from './xml-write.ts'

/** `<cwaResponses requestProcessed unexpectedElement [sid]>` (bb969562). */
export function printResponses(responses: CwaResponses): string {
  const { sid, requestProcessed, unexpectedElement, answers, events } = responses
  const attributes = { sid, requestProcessed, unexpectedElement, xmlns: CWA_NAMESPACE }
  return writeXml(tag('cwaResponses', attributes, ...answers.map(printAnswer), events && eventsElement(events)))
}

function printAnswer(answer: CwaAnswer): Printable {
  switch (answer.answer) {
    case 'requestSucceeded': {
      const { answer: name, rid, signInData, uri } = answer
      return tag(name, { rid }, textTag('signInData', signInData), textTag('uri', uri))
    }
    case 'requestAccepted': {
      const { answer: name, rid, sid, uri, pollWaitTime } = answer
      return tag(name, { rid }, textTag('sid', sid), textTag('uri', uri), textTag('pollWaitTime', pollWaitTime))
    }
    case 'initiateImSessionAccepted':
      return tag(answer.answer, { rid: answer.rid, confId: answer.confId })
    case 'error':
      return printError(answer.error)
    case 'requestFailed':
    case 'requestInvalid':
    case 'requestRejected':
    default:
      return tag(answer.answer, { rid: answer.rid }, answer.error && printError(answer.error))
  }
}

export function parseResponses(text: string): CwaResponses {
  const root = readXml(text, 'cwaResponses')
  const events = childOf(root, 'cwaEvents')
  const read = {
    sid: attribute(root, 'sid'),
    requestProcessed: lenient(root, 'requestProcessed'),
    unexpectedElement: lenient(root, 'unexpectedElement'),
    answers: [...each(root.children, parseAnswer).flat(), ...bareSignIn(root)],
    events: events && orNothing(events, () => readEvents(events)),
  }
  return present({ ...read, ...root.unread.said() })
}

/** bb969562 lists `signInData` and `uri` as children of the envelope, too: taken as what a success says. */
function bareSignIn(root: Element): CwaAnswer[] {
  const signInData = childOf(root, 'signInData')?.text
  const uri = childOf(root, 'uri')?.text
  if (signInData === undefined && uri === undefined) return []
  return [present({ answer: 'requestSucceeded' as const, signInData, uri: uri === undefined ? uri : sipUri(uri) })]
}

/** An element that is none of the known answers says nothing that a caller could use: it is passed over. */
function parseAnswer(element: Element): CwaAnswer[] {
  const rid = field(element, 'rid')
  const uri = field(element, 'uri')
  const ownUri = uri === undefined ? undefined : sipUri(uri)
  switch (element.name.toLowerCase()) {
    case 'requestsucceeded': {
      const signInData = childOf(element, 'signInData')?.text
      return [present({ answer: 'requestSucceeded' as const, rid, signInData, uri: ownUri })]
    }
    case 'requestaccepted':
    case 'initiatesessionaccepted': {
      const pollWaitTime = lenient(element, 'pollWaitTime', field(element, 'pollWaitTime'))
      const sid = field(element, 'sid')?.trim()
      return [present({ answer: 'requestAccepted' as const, rid, sid, uri: ownUri, pollWaitTime })]
    }
    case 'initiateimsessionaccepted':
      return [present({ answer: 'initiateImSessionAccepted' as const, rid, confId: confIdOf(element) })]
    case 'conference': {
      // The same answer in the form the event has.
      const accepted = childOf(element, 'initiateImSessionAccepted')
      const own = accepted && (field(accepted, 'rid') ?? rid)
      return accepted
        ? [present({ answer: 'initiateImSessionAccepted' as const, rid: own, confId: confIdOf(element) })]
        : []
    }
    case 'requestfailed':
      return [present({ answer: 'requestFailed' as const, rid, error: parseError(element) })]
    case 'requestinvalid':
      return [present({ answer: 'requestInvalid' as const, rid, error: parseError(element) })]
    case 'requestrejected':
      return [present({ answer: 'requestRejected' as const, rid, error: parseError(element) })]
    case 'error':
      return [{ answer: 'error', error: parseError(element) ?? { code: 18400 } }]
    default:
      return []
  }
}

function confIdOf(element: Element): number {
  return must(integer(attribute(element, 'confId'), element, 'confId'), element, 'confId')
}
