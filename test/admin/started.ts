import { execFile } from 'node:child_process'
import { join } from 'node:path'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const ADMIN = join(import.meta.dirname, '../../infra/admin/main.ts')

/** The terminal client, as `npm run chat` starts it. */
export const CHAT = join(import.meta.dirname, '../../infra/chat/main.ts')

/** Starts the command as an administrator does, with these variables and none of AWS's that are set here. */
export function started(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
  cwd?: string,
  main = ADMIN,
): Promise<Ended> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'))
  return new Promise((resolve) => {
    const options = { env: { ...Object.fromEntries(inherited), ...environment }, ...(cwd !== undefined && { cwd }) }
    const child = execFile(process.execPath, [main, ...words], options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    )
    // The test types nothing.
    child.stdin?.end()
  })
}
