import { Command, CommanderError } from 'commander'
import type { Clock } from '../../shared/clock.ts'
import type { Input, Output } from '../terminal/terminal.ts'
import { ask } from './ask.ts'
import type { Attend } from './attend.ts'
import { context } from './context.ts'
import { devicesCommands } from './commands/devices.ts'
import { doctorCommand } from './commands/doctor.ts'
import { examples } from './commands/examples.ts'
import { AdminFault, inWords } from './fault.ts'
import { keysCommands } from './commands/keys.ts'
import { out } from './out.ts'
import { seatsCommand } from './commands/seats.ts'
import { sessionsCommands } from './commands/sessions.ts'
import { settingsCommands } from './commands/settings.ts'
import { target, type Where } from './target/target.ts'
import { traceCommand } from './commands/trace.ts'
import { usersCommands } from './commands/users.ts'

export interface Surroundings {
  readonly input: Input
  readonly output: Output & { readonly columns?: number }
  readonly errors: Output
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Where `npm start` says what runs on this machine. */
  readonly localFile: string
}

interface Globals extends Where {
  readonly json?: true
  readonly yes?: true
}

/**
 * The administrator's command.
 *
 * @param args the words after the program's name
 * @returns the exit code: 0 done, 1 refused or failed, 2 wrong use
 */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const program = described(surroundings)
  const attend: Attend = async (work) => {
    const { json = false, yes = false, ...where } = program.opts<Globals>()
    const { localFile, environment, clock } = surroundings
    const at = context({
      target: await target(where, localFile),
      out: out({ ...surroundings, json }),
      ask: ask({ ...surroundings, yes }),
      clock,
      environment,
    })
    try {
      await work(at)
    } catch (thrown) {
      throw new AdminFault(inWords(thrown, at.target), { cause: thrown, exitCode: exitCodeOf(thrown) })
    } finally {
      at.out.done()
      at.client.destroy()
    }
  }
  for (const commands of [
    settingsCommands,
    usersCommands,
    devicesCommands,
    sessionsCommands,
    seatsCommand,
    keysCommands,
    doctorCommand,
  ]) {
    commands(program, attend)
  }
  traceCommand(program, surroundings)
  try {
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (thrown) {
    // Commander has written its own already: help, or what is wrong with the command line.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2
    surroundings.errors.write(`${inWords(thrown)}\n`)
    return exitCodeOf(thrown)
  }
}

function exitCodeOf(thrown: unknown): 1 | 2 {
  return thrown instanceof AdminFault ? thrown.exitCode : 1
}

function described({ output, errors }: Surroundings): Command {
  const width = output.columns ?? WIDTH
  return new Command('npm run admin --')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void output.write(text),
      writeErr: (text) => void errors.write(text),
      getOutHelpWidth: () => width,
      getErrHelpWidth: () => width,
    })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help says how this is used)')
    .description('Administers the Collaboration Service: the local stack, or a deployed one by its name.')
    .option('--stack <NAME>', 'a stack in CloudFormation; without it, the one that npm start runs here')
    .option('--region <NAME>', "its AWS region; without it, the environment's")
    .option('--profile <NAME>', "the AWS profile to use; without it, the environment's")
    .option('--ca <FILE>', 'CAs in PEM to trust for the server upstream of a deployed stack')
    .option('--json', 'one JSON value instead of words and tables; infra/admin/README.md has the shapes')
    .option('--yes', 'asks nothing: agrees to everything beforehand')
    .addHelpText('after', HELP)
}

/** Characters of a line of help where there is no terminal to say. */
const WIDTH = 110

const HELP = `
Every command has --help, and the options above go with each of them.
Exit code: 0 done, 1 refused or failed, 2 wrong use.
${examples(
  `users add 'CONTOSO\\ann'`,
  `devices enroll 'CONTOSO\\ann'`,
  'settings set maximumSessions=100 idleTimeoutMs=10m',
  'sessions list --json',
  'doctor --stack Collaboration --region eu-central-1',
)}`
