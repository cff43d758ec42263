/** How far a session's events have come: `ackId` for the next GET, `eid` of the last event. */
export interface CwaCursor {
  readonly ackId: number
  readonly eid: number
}

/** As the service keeps it: `17.42`. */
export function printCursor({ ackId, eid }: CwaCursor): string {
  return `${ackId}.${eid}`
}

/** @throws TypeError for a text that `printCursor` never wrote: the stack is of another upstream, or the item was changed */
export function cursorIn(text: string): CwaCursor {
  const [, ackId, eid] = /^(\d+)\.(\d+)$/.exec(text) ?? []
  if (ackId === undefined || eid === undefined) throw new TypeError(`${JSON.stringify(text)} is no cursor of CWA`)
  return { ackId: Number(ackId), eid: Number(eid) }
}
