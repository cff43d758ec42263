import type { CwaError } from '../model.ts'
import type { Element, Printable } from './xml-element.ts'
import { attribute, childOf, field, present, tag } from './xml-element.ts'

/** `<error code subCode reason detail><sipResponse code reason><ms-diagnostics>` (bb969593). */
export function printError(error: CwaError): Printable {
  const { code, subCode, reason, detail, sip } = error
  const diagnostics = sip?.diagnostics === undefined ? undefined : tag('ms-diagnostics', {}, sip.diagnostics)
  const response = sip && tag('sipResponse', { code: sip.code, reason: sip.reason }, diagnostics)
  return tag('error', { code, subCode, reason, detail }, response)
}

/** What stands in for a code that is missing or unreadable: an error must not become a second error by being read. */
const INTERNAL_FAILURE = 18400

/**
 * Reads both generations: `error code reason detail` (bb969593), `error code warning description` (bb969622), and
 * `exception`, `exceptionDetail`, `sipResponse code warning` without an `error` around them (bb969635).
 * @param holder the element that holds the error, or is it
 * @returns undefined when `holder` says nothing of an error
 */
export function parseError(holder: Element): CwaError | undefined {
  const error = holder.name.toLowerCase() === 'error' ? holder : (childOf(holder, 'error') ?? holder)
  const sip = sipResponseOf(error) ?? sipResponseOf(holder)
  const reason = attribute(error, 'reason') ?? attribute(error, 'warning') ?? field(error, 'exception')
  const detail = attribute(error, 'detail') ?? attribute(error, 'description') ?? field(error, 'exceptionDetail')
  const code = attribute(error, 'code')
  if (error === holder && [sip, reason, detail, code].every((part) => part === undefined)) return undefined
  return present({
    code: number(code) ?? number(reason) ?? INTERNAL_FAILURE,
    subCode: number(attribute(error, 'subCode')),
    reason,
    detail,
    sip,
  })
}

function sipResponseOf(holder: Element): CwaError['sip'] {
  const response = childOf(holder, 'sipResponse')
  const code = response && number(attribute(response, 'code'))
  if (!response || code === undefined) return undefined
  const reason = attribute(response, 'reason') ?? attribute(response, 'warning')
  return present({ code, reason, diagnostics: childOf(response, 'ms-diagnostics')?.text })
}

function number(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : undefined
}
