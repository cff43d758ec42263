/** A command that the server's protocol cannot express, such as one with an address of another kind of server. It is not sent. */
export class NotPossible extends Error {
  override readonly name = 'NotPossible'
}
