import type { AdminContext } from './context.ts'

/** Does the work of a command with the context of the stack that the command line names. */
export type Attend = (work: (context: AdminContext) => Promise<void>) => Promise<void>
