import { readFileSync } from 'node:fs'
import type { AdminContext } from '../context.ts'
import { AdminFault } from '../fault.ts'
import { mapConcurrent } from '../map-concurrent.ts'
import { userFile } from '../words/user-file.ts'

/** `--json` of `users import`. */
export interface UsersImported {
  readonly imported: number
  readonly permitted: number
  readonly denied: number
}

const WRITES_AT_ONCE = 8

/** All or nothing as far as the file goes; should a write fail, the same import can be run again. */
export async function importUsers({ configuration, out }: AdminContext, file: string): Promise<void> {
  const read = userFile(bytesOf(file))
  if ('mistakes' in read) throw new AdminFault(`nothing was imported from ${file}:\n  ${read.mistakes.join('\n  ')}`)
  const { users } = read
  let done = 0
  try {
    await mapConcurrent(users, WRITES_AT_ONCE, async ({ user, permitted }) => {
      await configuration.putUser(user, { permitted })
      done += 1
      out.progress('imported', done, users.length)
    })
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause)
    throw new AdminFault(`${done} of ${users.length} were imported, then: ${words}\nthe same import can be run again`, {
      cause,
    })
  }
  const permitted = users.filter((user) => user.permitted).length
  const value: UsersImported = { imported: users.length, permitted, denied: users.length - permitted }
  out.result(value, [`${value.imported} imported: ${value.permitted} permitted, ${value.denied} denied`])
}

function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new AdminFault(`${file} cannot be read: give a CSV file with the header user,permitted`, {
      cause,
      exitCode: 2,
    })
  }
}
