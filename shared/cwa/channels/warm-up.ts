import type { ClientCodec } from '../codec.ts'
import { methodsFor } from '../messaging/commands.ts'
import { responsesIn } from './answers.ts'

/** How a server answers a message that it takes (bb969623), in each codec. */
export const TAKEN: Readonly<Record<ClientCodec['name'], string>> = {
  json: '{"cwaResponses":{"requestProcessed":1,"unexpectedElement":0,"answers":[{"answer":"requestAccepted","rid":"1"}]}}',
  xml: '<cwaResponses requestProcessed="1" unexpectedElement="0" xmlns="http://schemas.microsoft.com/2006/09/rtc/cwa"><requestAccepted rid="1"/></cwaResponses>',
}

/** Writes a command and reads an answer, once, without a server: what runs for the first time takes many times as long. */
export function warmUp(codec: ClientCodec): void {
  const methods = methodsFor({ kind: 'message', conversation: '1', text: '-' }, 1)
  codec.printRequests({ sid: '-', methods })
  responsesIn(codec, TAKEN[codec.name], 'warming up')
}
