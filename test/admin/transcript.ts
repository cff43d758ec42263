import { readFileSync } from 'node:fs'

/** One command of a README, as it is typed, and what is shown below it. */
export interface Shown {
  /** Its words, as a shell would hand them on. */
  readonly words: readonly string[]
  readonly output: string
}

/** The commands in the `console` blocks of a README, in their order. */
export function transcript(file: string): Shown[] {
  const blocks = readFileSync(file, 'utf8').matchAll(/^```console\n([^]*?)^```$/gm)
  return [...blocks].flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((typed) => {
        const [line = '', ...output] = typed.split('\n')
        return { words: wordsOf(line), output: output.join('\n') }
      }),
  )
}

/** Single quotes are all that the README needs of a shell. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain = '']) => quoted ?? plain)
}

/** What is the same each time: without prompts and progress, with ids, ports and times put out of the way, and the spaces of their width. */
export function masked(output: string): string[] {
  return output
    .split('\n')
    .filter((line) => !/^Password of |: \d+ of \d+$/.test(line))
    .map((line) =>
      line
        .replaceAll(/\b\d{1,5}-[\w-]{16}(?![\w-])/g, 'SESSION')
        .replaceAll(/\bport \d+/g, 'port N')
        .replaceAll(/\b\d+ ms\b/g, 'N ms')
        .replaceAll(/\bseat \d+ is free/g, 'seat N is free')
        .replaceAll(/first event, [\w-]+/g, 'first event, EVENT')
        .replaceAll(/\bdoctor-\w{12}\b/g, 'DEVICE')
        .replace(/\b\d+ (s|min)$/, 'TIME')
        .replaceAll(/ +/g, ' ')
        .trimEnd(),
    )
    .filter((line) => line !== '')
}
