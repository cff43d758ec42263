/** A command that CWA has no words for, whoever asks: an address that is no SIP URI, a conversation that is no number. */
export class NotPossible extends Error {
  override readonly name = 'NotPossible'
}
