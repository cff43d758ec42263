/**
 * Variables under which the local stack takes less memory. It runs some twenty threads, and glibc would give each an arena
 * of its own, and keep what the ended ones had: 80 MB after the story. glibc reads the number as a process begins.
 * https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html
 */
export const SPARING = { MALLOC_ARENA_MAX: '1' } as const
