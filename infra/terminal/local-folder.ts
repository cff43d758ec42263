import { join } from 'node:path'

/**
 * The folder in which the programs on this machine leave files for each other: what `npm start` runs, its devices' keys,
 * its logs. In the project, or where COLLABORATION_LOCAL says: a project on a read-only disk, or another user's, has none.
 */
export function localFolder(environment: Readonly<Record<string, string | undefined>>): string {
  return environment['COLLABORATION_LOCAL'] ?? join(import.meta.dirname, '../../.local')
}

/** What it means that a file cannot be written, and what to do; undefined: the fault is another. */
export function unwritable(thrown: unknown, folder: string): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || !CANNOT.has(thrown.code)) return undefined
  const path = 'path' in thrown && typeof thrown.path === 'string' ? thrown.path : ''
  if (!path.startsWith(folder)) return undefined
  return (
    `${path} cannot be written (${String(thrown.code)}): ${folder} is another user's, or on a disk that is full or read-only. ` +
    'Make it yours, or name another folder: COLLABORATION_LOCAL=/tmp/collaboration, for each of these programs'
  )
}

// ENOENT: of a folder that is to be made on a read-only disk.
const CANNOT: ReadonlySet<unknown> = new Set([
  'ENOENT',
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
  'EISDIR',
  'ENOSPC',
])
