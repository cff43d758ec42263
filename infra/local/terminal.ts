import { styleText } from 'node:util'
import { liveLine } from './live-line.ts'
import { wallClock } from '../../shared/clock.ts'
import { mayEscape } from '../terminal/escapes.ts'

/** What `npm start` shows: steps of the start with their times, and the story. Colours only where they can be seen. */
export interface Terminal {
  /** Something takes a while: says what, and when the next thing begins, how long it took. */
  readonly working: (words: string) => void
  readonly done: () => void
  readonly title: (words: string) => void
  readonly line: (words: string) => void
  readonly note: (words: string) => void
  /** A line that stays the last one, and changes: only where somebody sees it change. */
  readonly live: (words: string) => void
}

type Environment = Readonly<Record<string, string | undefined>>

export function terminal(
  out: NodeJS.WritableStream & { readonly isTTY?: boolean },
  environment: Environment,
): Terminal {
  const isColoured = mayEscape(out, environment)
  const style = (format: Parameters<typeof styleText>[0], words: string) =>
    isColoured ? styleText(format, words, { validateStream: false }) : words
  const live = liveLine(out, environment)
  const write = live.above
  let since: number | undefined

  const done = () => {
    if (since === undefined) return
    write(style('dim', ` ${((wallClock.now() - since) / 1000).toFixed(1)} s\n`))
    since = undefined
  }
  return {
    done,
    working(words) {
      done()
      since = wallClock.now()
      write(`  ${words} …`)
    },
    title: (words) => write(`\n${style('bold', words)}\n`),
    line: (words) => write(`  ${style('green', '✓')} ${words}\n`),
    note: (words) => write(`${words}\n`),
    live: live.show,
  }
}
