import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { AdminFault } from '../fault.ts'
import { examples } from './examples.ts'

export interface TraceStreams {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
}

/**
 * Where in the sources a function's stack trace is. In Lambda nothing looks that up: Node would read the map with each
 * start, 5 to 12 ms of the processor. The bundle is built anew: the same sources make the same one, on every machine.
 */
export function traceCommand(program: Command, { input, output }: TraceStreams): void {
  program
    .command('trace')
    .argument('<FUNCTION>', 'whose bundle the trace is of: poll, login, …')
    .description(
      "reads log lines or a stack trace, and says for each place in a function's bundle where that is in the sources",
    )
    .addHelpText(
      'after',
      examples('trace poll < trace.txt', "trace login <<< 'at handler (file:///var/task/index.mjs:12:3456)'"),
    )
    .action(async (name: string) => {
      const map = await mapOf(name)
      output.write(traced(await text(input), map))
    })
}

/** @throws AdminFault where there is no such function */
async function mapOf(name: string): Promise<SourceMap> {
  const { bundle } = await import('../../cdk/bundle.ts')
  const folder = await mkdtemp(join(tmpdir(), 'collaboration-trace-'))
  try {
    const bundles = await bundle(folder)
    const found = bundles[name]
    if (found === undefined) throw new AdminFault(`there is no function ${name}: ${Object.keys(bundles).join(', ')}`)
    const payload: SourceMapPayload = JSON.parse(await readFile(join(found.directory, 'index.mjs.map'), 'utf8'))
    return new SourceMap(payload)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A place in a bundle, as stack traces have it. */
const PLACE = /[^\s()"']*\bindex\.mjs:(\d+):(\d+)/g

/** The same text with the sources' places, from the project's folder, for those of the bundle. */
export function traced(trace: string, map: SourceMap): string {
  return trace.replaceAll(PLACE, (place, line: string, column: string) => {
    const origin = map.findOrigin(Number(line), Number(column))
    return 'fileName' in origin
      ? `${origin.fileName.replace(/^(\.\.\/)+/, '')}:${origin.lineNumber}:${origin.columnNumber}`
      : place
  })
}
