import { availableParallelism } from 'node:os'

/**
 * Variables under which the local stack takes less memory. It runs some twenty threads, and glibc would give each an arena
 * of its own, and keep what the ended ones had: 80 MB after the story. glibc reads the number as a process begins.
 * https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html
 */
export const SPARING = { MALLOC_ARENA_MAX: '1' } as const

/**
 * Most environments of a function that answers at once: one for each processor, and one that waits. Each has code of its own
 * to compile, so that three on two processors do the same with four fifths of the work of six.
 */
export const sparingEnvironments = (): number => 1 + availableParallelism()

/**
 * And flags of Node: the young generation of the main thread would grow to 48 MB and more before it is collected, and what
 * the stack leaves behind there is garbage after each request. In MB, of each of its halves.
 * https://nodejs.org/api/cli.html#--max-semi-space-sizesize-in-mib
 */
export const SPARING_FLAGS = ['--max-semi-space-size=2'] as const
