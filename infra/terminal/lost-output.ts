/** The reader is gone: the other end of the pipe was closed (`| head -1`), or the terminal was. */
const READER_IS_GONE: ReadonlySet<unknown> = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'])

/**
 * Sees to output that cannot be written: Node tells of it by an event that ends the program with a stack trace, unless
 * somebody listens. What is written after the first loss goes nowhere.
 *
 * @param lost called once: with no words where the reader is gone, which is no fault; else with what went wrong
 */
export function onLostOutput(streams: readonly NodeJS.WritableStream[], lost: (words?: string) => void): void {
  let isReported = false
  const report = (fault: unknown) => {
    if (isReported) return
    isReported = true
    const code = fault instanceof Error && 'code' in fault ? fault.code : undefined
    if (READER_IS_GONE.has(code)) lost()
    else lost(`the output cannot be written: ${fault instanceof Error ? fault.message : String(fault)}`)
  }
  for (const stream of streams) stream.on('error', report)
}
