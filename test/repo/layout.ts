import { dirname } from 'node:path'

/** A file's name that says nothing of what is in it. */
export function isVague(name: string): boolean {
  return /^(utils?|helpers?|common|types?|index|misc)\.[^/]*$/.test(name)
}

/** The folders that hold more than `most` of these files, each as `folder: how many`; a folder in a folder counts for itself. */
export function overfull(files: readonly string[], most: number): string[] {
  const counts = new Map<string, number>()
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1)
  return [...counts].flatMap(([folder, count]) => (count > most ? [`${folder}: ${count}`] : []))
}

/** A line that names a folder of one machine, or the host of a package registry. */
export function isOfOneMachine(line: string): boolean {
  return /(?<![\w.])\/(work|root|home)\//.test(line) || /\bregistry\.(?![jt]s\b)[a-z]/.test(line)
}

/** A line of a test that waits by the clock on the wall. */
export function waits(line: string): boolean {
  return (
    /\b(setTimeout|setInterval|sleep)\s*\(/.test(withoutTexts(line)) || /\bfrom ['"](node:)?timers\/promises/.test(line)
  )
}

/** A line that keeps the other tests of its file from running. */
export function isOnly(line: string): boolean {
  return /\b(it|test|describe)(\.\w+)*\.only\b/.test(withoutTexts(line))
}

/** A line of code without what stands in quotation marks: code that a test hands to somebody else may wait. */
function withoutTexts(line: string): string {
  return line.replaceAll(/(['"`])(?:\\.|(?!\1).)*\1/g, '$1$1')
}

const SKIP = /\b(\w+)(?:\.\w+)*\.(?:skip|skipIf|runIf|todo)\(([^]{0,300})/g

/** Skipped tests of a file that do not say why: in the words of `context.skip`, or as `(skipped where …)` in the title. */
export function unexplainedSkips(text: string): string[] {
  return [...text.matchAll(SKIP)]
    .filter(([, root = '', after = '']) => {
      const saysInTitle = after.includes('(skipped ')
      const saysInContext = !['it', 'test', 'describe'].includes(root) && /^\s*['"`]/.test(after)
      return !saysInTitle && !saysInContext
    })
    .map(([found]) => found.split('\n')[0] ?? '')
}

/** The files that an npm script names. */
export function filesIn(script: string): string[] {
  return script.split(/\s+/).filter((word) => /^[\w.-]+\/|\.[mc]?[jt]s$/.test(word))
}
