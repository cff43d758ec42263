/** A command that the server has no words for, whoever asks: an address of another kind of server, say. It is not asked. */
export class NotPossible extends Error {
  override readonly name = 'NotPossible'
}
