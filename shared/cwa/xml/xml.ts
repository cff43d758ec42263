import type { ClientCodec, CwaCodec } from '../codec.ts'
import { parseEvents, printEvents } from './xml-events.ts'
import { parseRequests, printRequests } from './xml-requests.ts'
import { parseResponses, printResponses } from './xml-responses.ts'

/** The client's half of `xmlCodec`. */
export const xmlClient: ClientCodec = {
  name: 'xml',
  contentType: 'text/xml; charset=utf-8',
  printRequests,
  parseResponses,
  parseEvents,
}

/** Microsoft's published Unified Communications AJAX API of 2007 (MSDN bb969660). */
export const xmlCodec: CwaCodec = {
  name: 'xml',
  contentType: 'text/xml; charset=utf-8',
  printRequests,
  parseRequests,
  printResponses,
  parseResponses,
  printEvents,
  parseEvents,
}
