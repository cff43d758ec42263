import { wallClock } from '../../shared/rules/clock.ts'
import { STACK_FILE } from '../local/stack-file.ts'
import { run } from './program.ts'

const { argv, env: environment, stdin: input, stdout: output, stderr: errors } = process

process.exitCode = await run(argv.slice(2), {
  input,
  output,
  errors,
  environment,
  clock: wallClock,
  // The local stack of another place, for example of a test.
  localFile: environment['COLLABORATION_STACK_FILE'] ?? STACK_FILE,
})
