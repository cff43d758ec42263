import type { CwaEvents, CwaRequests, CwaResponses } from './model.ts'

/**
 * One way to put the model on the wire. Printing and parsing are each other's inverse for every value of the model.
 * Parsing takes any text and throws a `CwaFault` ('give-up', with words that say where) for what is not readable.
 */
export interface CwaCodec {
  readonly name: 'json' | 'xml'
  readonly contentType: string
  readonly printRequests: (requests: CwaRequests) => string
  readonly parseRequests: (text: string) => CwaRequests
  readonly printResponses: (responses: CwaResponses) => string
  readonly parseResponses: (text: string) => CwaResponses
  readonly printEvents: (events: CwaEvents) => string
  readonly parseEvents: (text: string) => CwaEvents
}

/** The client's half: a function's bundle does not hold what only a server does. */
export type ClientCodec = Omit<CwaCodec, 'parseRequests' | 'printResponses' | 'printEvents'>
