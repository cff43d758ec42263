import { clearScreenDown, createInterface, cursorTo, moveCursor, type Interface } from 'node:readline'
import { Writable } from 'node:stream'
import { mayEscape } from './escapes.ts'
import { wrapped } from './wrapped.ts'

export type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean }
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }

export interface TerminalOptions {
  readonly input: Input
  readonly output: Output
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly onLine: (line: string) => void
  /** A key was pressed; `line` is what stands there now. Never without a terminal. */
  readonly onKey: (line: string) => void
  /** Tab was pressed; `line` is what stands there now. Absent: Tab does nothing. Never without a terminal. */
  readonly completions?: (line: string) => Completions
  /** The end of the input, ctrl-D, or ctrl-C. */
  readonly onEnd: () => void
}

/** How a line may go on. Each of the words takes the place of what was typed of it, at the line's end. */
export interface Completions {
  readonly words: readonly string[]
  readonly typed: string
}

/** How many lines the arrow keys bring back. */
const HISTORY = 100

/** Where lines are printed and typed at the same time. */
export interface Terminal {
  /** Prints above the prompt; what was typed so far stays. */
  print(lines: readonly string[]): void
  /** Says what stands before what is typed. Without a terminal there is no prompt. */
  prompt(text: string): void
  close(): void
}

export function isTerminal({ input, output }: { readonly input: Input; readonly output: Output }): boolean {
  return input.isTTY === true && output.isTTY === true
}

export function terminal(options: TerminalOptions): Terminal {
  const { output, environment } = options
  return isTerminal(options) && mayEscape(output, environment) ? typewriter(options) : printer(options)
}

/** Lines as they are printed: on a terminal no wider than it. */
export function printed(lines: readonly string[], { isTTY, columns }: Output): string {
  const rows = isTTY === true ? lines.flatMap((line) => wrapped(line, columns)) : lines
  return rows.map((row) => `${row}\n`).join('')
}

/** Line by line, for pipes, and for terminals that know no escape sequences. */
function printer({ input, output, onLine, onEnd }: TerminalOptions): Terminal {
  const lines = createInterface({ input, terminal: false })
  lines.on('line', onLine)
  lines.on('close', onEnd)
  lines.on('error', onEnd)
  return {
    print: (texts) => void output.write(printed(texts, output)),
    prompt: () => {},
    close() {
      lines.off('close', onEnd)
      lines.close()
    },
  }
}

/** Keeps the line that is being typed below what is printed. */
function typewriter(options: TerminalOptions): Terminal {
  const { input, output, onLine, onKey, onEnd } = options
  const typed = lineEditor(options)
  let open = true
  typed.on('line', (line) => {
    eraseTyped(typed, output, line)
    onLine(line)
    if (open) typed.prompt()
  })
  typed.on('SIGINT', () => typed.close())
  // The terminal was closed.
  typed.on('error', () => typed.close())
  typed.on('close', () => {
    shut()
    onEnd()
  })
  const key = () => void (open && onKey(typed.line))
  // Node's readline listens first, so the line has the key already.
  input.on('keypress', key)

  function shut(): void {
    if (open) toFirstRow(output, typed.getCursorPos().rows)
    open = false
  }

  return {
    print(lines) {
      const text = printed(lines, output)
      if (open) printAbove(typed, output, text)
      else output.write(text)
    },
    prompt(text) {
      if (open && text !== typed.getPrompt()) printAbove(typed, output, '', text)
    },
    close() {
      input.off('keypress', key)
      typed.removeAllListeners('close')
      shut()
      typed.close()
    },
  }
}

/** Node's readline: it edits the line, and keeps a history of those that were entered. */
function lineEditor({ input, output, completions }: TerminalOptions): Interface {
  return createInterface({
    input,
    output,
    terminal: true,
    prompt: '',
    // The arrow keys bring back what was typed: in memory only, for it is what people say to each other.
    historySize: HISTORY,
    removeHistoryDuplicates: true,
    // Without a completer Tab would put a tab into the line.
    completer(line: string) {
      const { words, typed } = completions?.(line) ?? { words: [], typed: line }
      return [[...words], typed]
    },
  })
}

/** Clears what is typed off the screen, prints, and draws it again below, the cursor where it was. */
function printAbove(typed: Interface, output: Output, text: string, prompt = typed.getPrompt()): void {
  toFirstRow(output, typed.getCursorPos().rows)
  output.write(text)
  // Readline draws the prompt that many rows higher, and miscounts them when several rows are pasted at once. The
  // name is Node's own and not documented: without it, a line of one row is still drawn right.
  Object.assign(typed, { prevRows: 0 })
  typed.setPrompt(prompt)
  typed.prompt(true)
}

/** Takes the line that was entered off the screen: it is printed anew, as what became of it. */
function eraseTyped(typed: Interface, output: Output, line: string): void {
  const prompt = typed.getPrompt()
  typed.setPrompt(prompt + line)
  const { rows } = typed.getCursorPos()
  typed.setPrompt(prompt)
  toFirstRow(output, rows + 1)
}

function toFirstRow(output: Output, rows: number): void {
  moveCursor(output, 0, -rows)
  cursorTo(output, 0)
  clearScreenDown(output)
}

/** Asks for something that must not be seen. Resolves with undefined when there is no answer: ctrl-C, ctrl-D. */
export async function secret(question: string, { input, output }: Pick<TerminalOptions, 'input' | 'output'>) {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const typed = createInterface({ input, output: nowhere, terminal: true, historySize: 0 })
  output.write(question)
  const answer = await new Promise<string | undefined>((resolve) => {
    typed.on('line', resolve)
    typed.on('SIGINT', () => resolve(undefined))
    typed.on('close', () => resolve(undefined))
  })
  typed.close()
  output.write('\n')
  return answer
}
