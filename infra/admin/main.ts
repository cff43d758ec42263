import { wallClock } from '../../shared/clock.ts'
import { onLostOutput } from '../terminal/lost-output.ts'
import { STACK_FILE } from '../local/stack-file.ts'
import { run } from './program.ts'

const { argv, env: environment, stdin: input, stdout: output, stderr: errors } = process

// Who reads only the first line, `| head -1`, has read what there was to read: the work itself is done to its end.
onLostOutput([output, errors], (words) => {
  if (words === undefined) return
  process.exitCode = 1
  errors.write(`${words}\n`)
})

const code = await run(argv.slice(2), {
  input,
  output,
  errors,
  environment,
  clock: wallClock,
  // The local stack of another place, for example of a test.
  localFile: environment['COLLABORATION_STACK_FILE'] ?? STACK_FILE,
})
process.exitCode ??= code
