import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FILE = 'lock'

/**
 * Makes a folder, where there is none, this process's own until it is released. The lock of a process that ended without
 * releasing it (`kill -9`) is taken over.
 *
 * @returns what releases it
 * @throws Error, for people, where another process, or this one, has it
 */
export function lock(folder: string): () => void {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, FILE)
  const own = holder(process.pid)
  // Twice: the lock of a process that has ended is put aside first. Of two that do so at once one finds it gone.
  for (let attempt = 0; attempt < 2; attempt++) {
    if (taken(path, own)) return () => rmSync(path, { force: true })
    if (isHeld(path)) break
    putAside(path)
  }
  const next = 'Stop the process that uses it, choose another folder, or delete it to begin anew.'
  throw new Error(`The tables' folder ${folder} cannot be opened. ${next}`)
}

/** The lock is there with its holder in it, or not at all. */
function taken(path: string, own: string): boolean {
  const made = `${path}.${process.pid}`
  writeFileSync(made, own)
  try {
    linkSync(made, path)
    return true
  } catch (thrown) {
    if (isError(thrown, 'EEXIST')) return false
    throw thrown
  } finally {
    rmSync(made, { force: true })
  }
}

function isHeld(path: string): boolean {
  const held = readFileSync(path, 'utf8')
  const pid = Number(held.split(' ')[0])
  return isAlive(pid) && holder(pid) === held
}

function putAside(path: string): void {
  const aside = `${path}.${process.pid}.ended`
  try {
    renameSync(path, aside)
  } catch (thrown) {
    if (!isError(thrown, 'ENOENT')) throw thrown
  }
  rmSync(aside, { force: true })
}

/** A process, and when it began: numbers of processes are used again. Where no `/proc` tells, the number alone. */
function holder(pid: number): string {
  try {
    const [, began = ''] = /\) (?:\S+ ){19}(\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return `${pid} ${began}`
  } catch {
    return `${pid} `
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return isError(thrown, 'EPERM')
  }
}

const isError = (thrown: unknown, code: string): boolean =>
  thrown instanceof Error && 'code' in thrown && thrown.code === code
