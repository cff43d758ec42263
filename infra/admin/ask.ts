import { createInterface } from 'node:readline'
import { isTerminal, secret, type Input, type Output } from '../terminal/terminal.ts'
import { AdminFault } from './fault.ts'

export interface AskOptions {
  readonly input: Input
  /** Where questions go, so that the output stays the result's. */
  readonly errors: Output
  /** Everything was agreed to on the command line. */
  readonly yes: boolean
}

export interface Ask {
  /**
   * Goes on only when the administrator agrees.
   * @throws AdminFault when not, or when there is no terminal to ask at
   */
  readonly sure: (question: string) => Promise<void>
  /** Asks for what must not be seen. Undefined: there is no terminal to ask at, or no answer. */
  readonly secret: (question: string) => Promise<string | undefined>
}

export function ask({ input, errors, yes }: AskOptions): Ask {
  const terminal = { input, output: errors }
  return {
    async sure(question) {
      if (yes) return
      if (!isTerminal(terminal)) {
        throw new AdminFault(`${question} There is no terminal to ask on: nothing was changed. --yes agrees beforehand`)
      }
      const answer = await answered(`${question} [y/N] `, terminal)
      if (!/^y(es)?$/i.test(answer.trim())) throw new AdminFault('nothing was changed')
    },
    secret: async (question) => (isTerminal(terminal) ? secret(question, terminal) : undefined),
  }
}

async function answered(question: string, { input, output }: { input: Input; output: Output }): Promise<string> {
  output.write(question)
  const lines = createInterface({ input, terminal: false })
  const answer = await new Promise<string>((resolve) => {
    lines.once('line', resolve)
    lines.once('close', () => resolve(''))
  })
  lines.close()
  return answer
}
