import type { LambdaLogLine } from '../../infra/aws/lambda/log.ts'

export interface Logbook {
  /** To be handed to the local Lambda. */
  readonly log: (line: LambdaLogLine) => void
  /** Resolves with the first line, written already or yet to come, that says `what`. */
  readonly until: (what: string) => Promise<void>
  /** How many lines say it by now. */
  readonly count: (what: string) => number
}

/** Function logs as barriers. */
export function logbook(): Logbook {
  const lines: string[] = []
  const waiting = new Map<string, () => void>()
  return {
    log({ text }) {
      lines.push(text)
      for (const [what, resolve] of waiting) if (says(text, what)) resolve()
    },
    async until(what) {
      if (lines.some((line) => says(line, what))) return
      await new Promise<void>((resolve) => waiting.set(what, resolve))
    },
    count: (what) => lines.filter((line) => says(line, what)).length,
  }
}

function says(text: string, what: string): boolean {
  return text.includes(`"what":"${what}"`)
}
