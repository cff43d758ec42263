import { SPARING, SPARING_FLAGS } from './sparing.ts'

/*
 * What `npm start` runs: begins anew under what spares memory, as the same process, and goes on in main.ts,
 * which is loaded once. Where they are set already, or a process cannot begin anew (Windows), it goes on at once.
 */
const { argv, env, execArgv, execPath, platform } = process
const isSparing = Object.keys(SPARING).every((name) => env[name] !== undefined)
if (platform === 'linux' && !isSparing)
  process.execve?.(execPath, [execPath, ...execArgv, ...SPARING_FLAGS, ...argv.slice(1)], { ...SPARING, ...env })
await import('./main.ts')
