import { readdirSync } from 'node:fs'

/*
 * The inside of a process of its own that a bench measures: it hears what to do and says how much it takes, by
 * messages of Node's own channel between parent and child.
 */

/** What a process takes. `cpuMs`: of the processor since it began, user and system. */
export interface Taken {
  readonly rss: number
  readonly cpuMs: number
  readonly descriptors: number
}

export type Order = { readonly kind: 'measure' } | { readonly kind: 'do'; readonly what: string }
export type Report =
  | { readonly kind: 'taken'; readonly taken: Taken }
  | { readonly kind: 'done'; readonly result: string }

/** Serves orders until the parent is gone. */
export function serve(act: (what: string) => Promise<string>): void {
  process.on('message', (order: Order) => {
    if (order.kind === 'measure') tell({ kind: 'taken', taken: taken() })
    else void act(order.what).then((result) => tell({ kind: 'done', result }))
  })
  process.on('disconnect', () => process.exit())
}

const tell = (report: Report): void => void process.send?.(report)

function taken(): Taken {
  const { user, system } = process.cpuUsage()
  // Not the one with which the folder is read.
  const descriptors = readdirSync('/proc/self/fd').length - 1
  return { rss: process.memoryUsage.rss(), cpuMs: (user + system) / 1_000, descriptors }
}
