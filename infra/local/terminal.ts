import { styleText } from 'node:util'
import { liveLine } from './live-line.ts'
import { wallClock } from '../../shared/rules/clock.ts'

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

export function terminal(out: NodeJS.WriteStream): Terminal {
  const style = (format: Parameters<typeof styleText>[0], words: string) => styleText(format, words, { stream: out })
  const line = liveLine(out, process.env)
  const write = line.above
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
    live: line.show,
  }
}
