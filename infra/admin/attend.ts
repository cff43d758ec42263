import type { Desk } from './context.ts'

/** Does the work of a command at the desk of the stack that the command line names. */
export type Attend = (work: (desk: Desk) => Promise<void>) => Promise<void>
