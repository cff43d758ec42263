import { paintFor, type Paint } from '../terminal/paint.ts'
import { mayEscape } from '../terminal/escapes.ts'
import { columns, type Cell } from './words/columns.ts'

type Stream = NodeJS.WritableStream & { readonly isTTY?: boolean }

export interface OutOptions {
  readonly output: Stream
  /** For progress and what is to be noted: never part of the result. */
  readonly errors: Stream
  readonly json: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Where a command says what it did. With `--json` the output is one JSON value, and nothing else. */
export interface Out {
  readonly paint: Paint
  /** Whether people read the output as it comes. */
  readonly terminal: boolean
  /** The result, once for each command: a value for programs, lines for people. */
  readonly result: (value: object, lines: readonly string[]) => void
  /** A part of the result for people, as soon as it is known. */
  readonly line: (words: string) => void
  readonly table: (heads: readonly string[], rows: readonly (readonly Cell[])[]) => string[]
  /** Something to know beside the result; on the errors' stream. */
  readonly note: (words: string) => void
  /** How far a long work is; `total` absent: it is not known. On a terminal the line is written over. */
  readonly progress: (words: string, done: number, total?: number) => void
  /** The work is over: the line that was written over is gone. */
  readonly done: () => void
}

export function out({ output, errors, json, environment }: OutOptions): Out {
  const paint = paintFor(output, environment)
  const writesOver = mayEscape(errors, environment)
  const erased = () => {
    if (passing !== undefined && writesOver) errors.write('\r\u001B[K')
    passing = undefined
  }
  const write = (stream: Stream, words: string) => {
    erased()
    stream.write(`${words}\n`)
  }
  let passing: string | undefined

  return {
    paint,
    terminal: output.isTTY === true && !json,
    result(value, lines) {
      if (json) write(output, JSON.stringify(value))
      else for (const line of lines) write(output, line)
    },
    line(words) {
      if (!json) write(output, words)
    },
    table: (heads, rows) => columns(heads, rows, paint),
    note: (words) => write(errors, words),
    progress(words, done, total) {
      const far = total === undefined ? `${words}: ${done}` : `${words}: ${done} of ${total}`
      // Without a terminal each tenth is a line; of what has no known end, nothing is.
      const step = writesOver ? far : total && `${words} ${Math.floor((10 * done) / total)}`
      if (step === passing || step === undefined || step === 0) return
      if (writesOver) errors.write(`\r\u001B[K${far}`)
      else errors.write(`${far}\n`)
      passing = step
    },
    done: erased,
  }
}
