import {
  closeSync,
  existsSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Change, Keeper } from './store.ts'

const FILE = 'tables.log'

/** Length and checksum of what follows, four bytes each, little-endian. */
const HEADER_BYTES = 8

/** A log is begun anew when it is twice as long as after the last time, and not before it has so many bytes. */
const WORTHWHILE_BYTES = 4 * 1024 * 1024

/** How much of a snapshot is written at once. */
const CHUNK_BYTES = 256 * 1024

/** At most so long after a write the machine's disk has it. */
const SYNC_EVERY_MS = 1_000

/**
 * Keeps changes in a folder, in a log that is only added to: a record for each commit, so that all of its changes are there
 * or none. A record is handed to the system before its write is answered: it survives the end of the process, however it
 * ends (`kill -9`). A flush to the disk follows once a second: a machine that loses power may lose the last second. A last
 * record that is not whole was answered to no caller, and is cut. A log that grew is begun anew, beside the old one, which
 * it replaces in one step.
 *
 * @throws Error, for people, where the folder holds what this cannot read
 */
export function log(folder: string): Keeper {
  const path = join(folder, FILE)
  if (existsSync(join(folder, 'CURRENT')) && !existsSync(path))
    throw new Error(
      `The tables in ${folder} are of an earlier version, which kept them in LevelDB. Delete the folder to begin anew, or choose another.`,
    )
  const { records, end } = read(existsSync(path) ? readFileSync(path) : Buffer.alloc(0), folder)
  const file = openSync(path, 'a')
  ftruncateSync(file, end)
  return keeping({ file, path, length: end, whole: Math.max(end, WORTHWHILE_BYTES) }, records)
}

interface Open {
  file: number
  readonly path: string
  length: number
  /** How long the log is at least when it is begun anew, halved. */
  whole: number
}

function keeping(open: Open, records: readonly (readonly Change[])[]): Keeper {
  let syncing: NodeJS.Timeout | undefined
  const sync = () => {
    syncing = undefined
    fdatasync(open.file, () => {})
  }
  return {
    changes: () => records,
    keep(changes, snapshot) {
      if (open.length > 2 * open.whole) begunAnew(open, snapshot())
      append(open, record(changes))
      syncing ??= setTimeout(sync, SYNC_EVERY_MS).unref()
    },
    close() {
      clearTimeout(syncing)
      fsyncSync(open.file)
      closeSync(open.file)
    },
  }
}

/** A write that breaks off (the disk is full) leaves nothing behind: another may follow. */
function append(open: Open, bytes: Buffer): void {
  try {
    for (let written = 0; written < bytes.length;) written += writeSync(open.file, bytes, written)
    open.length += bytes.length
  } catch (thrown) {
    ftruncateSync(open.file, open.length)
    throw thrown
  }
}

function record(changes: readonly Change[]): Buffer {
  const text = Buffer.from(JSON.stringify(changes))
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(text.length, 0)
  header.writeUInt32LE(crc32(text), 4)
  return Buffer.concat([header, text])
}

/** The old log is whole until the new one, which the disk has by then, takes its name. */
function begunAnew(open: Open, snapshot: Iterable<Change>): void {
  const path = `${open.path}.new`
  const next: Open = { file: openSync(path, 'w'), path, length: 0, whole: 0 }
  let waiting: Buffer[] = []
  let bytes = 0
  const write = () => {
    append(next, Buffer.concat(waiting))
    waiting = []
    bytes = 0
  }
  for (const change of snapshot) {
    const one = record([change])
    waiting.push(one)
    bytes += one.length
    if (bytes > CHUNK_BYTES) write()
  }
  write()
  fsyncSync(next.file)
  renameSync(path, open.path)
  syncFolder(dirname(open.path))
  closeSync(open.file)
  Object.assign(open, { file: next.file, length: next.length, whole: Math.max(next.length, WORTHWHILE_BYTES) })
}

/** So that the disk knows the new name. Not every system opens a folder for that. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const file = openSync(folder, 'r')
  fsyncSync(file)
  closeSync(file)
}

/** The records of a log, and where the last whole one ends. */
function read(bytes: Buffer, folder: string): { records: readonly (readonly Change[])[]; end: number } {
  const records: (readonly Change[])[] = []
  let end = 0
  while (end + HEADER_BYTES <= bytes.length) {
    const from = end + HEADER_BYTES
    const to = from + bytes.readUInt32LE(end)
    const text = bytes.subarray(from, to)
    const whole = to > from && to <= bytes.length && crc32(text) === bytes.readUInt32LE(end + 4)
    if (!whole && to > from && to < bytes.length && bytes.subarray(to).some((byte) => byte !== 0))
      throw new Error(
        `The tables in ${folder} are damaged: byte ${end} of ${FILE} begins no whole record, and more follow. Delete the folder to begin anew, or put back a copy of the file.`,
      )
    if (!whole) break
    // This program wrote it, and the checksum says that it is what it wrote.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    records.push(JSON.parse(text.toString()) as readonly Change[])
    end = to
  }
  return { records, end }
}
