declare module 'dynalite' {
  import type { Server } from 'node:http'

  interface DynaliteOptions {
    /** Folder of the LevelDB store; absent: in memory. */
    readonly path?: string
    /** How long tables stay in CREATING, DELETING and UPDATING, in milliseconds. */
    readonly createTableMs?: number
    readonly deleteTableMs?: number
    readonly updateTableMs?: number
  }

  /** A server that does not listen yet. Its close() also closes the store, but only when it listened. */
  function dynalite(options?: DynaliteOptions): Server
  export = dynalite
}
