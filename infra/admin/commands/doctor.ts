import type { Command } from 'commander'
import type { Attend } from '../attend.ts'
import type { Check, Finding } from '../checks/check.ts'
import { databaseClockCheck } from '../checks/clocks.ts'
import { concurrencyCheck } from '../checks/concurrency.ts'
import { accessLogRoleCheck, connectionsCheck } from '../checks/gateway.ts'
import { matrixCheck, matrixTrial } from '../checks/matrix.ts'
import { masterKeyCheck } from '../checks/master-key.ts'
import { listenersCheck, settingsCheck } from '../checks/service.ts'
import { userChecks } from '../checks/sign-in.ts'
import { tableCheck } from '../checks/tables.ts'
import { trialCheck } from '../checks/trial/trial.ts'
import { upstreamCheck } from '../checks/upstream.ts'
import type { AdminContext } from '../context.ts'
import { examples } from './examples.ts'
import { AdminFault, inWords, wrongUse } from '../fault.ts'
import { userName } from '../words/user-name.ts'

/** `--json` of `doctor`. */
export interface DoctorSaid {
  readonly findings: readonly Finding[]
}

export interface DoctorOptions {
  readonly user?: string
  readonly skipUpstream?: true
  readonly deep?: true
}

const PASSWORD_VARIABLE = 'COLLABORATION_PASSWORD'

/** Looks at everything there is, one line each. @throws AdminFault when something is wrong */
export async function doctor(context: AdminContext, options: DoctorOptions): Promise<void> {
  const { out, target } = context
  const checks = await checksFor(context, options)
  const found: Finding[] = []
  for (const [index, { looksAt, findings }] of checks.entries()) {
    out.progress(`looking at ${looksAt}`, index + 1, checks.length)
    const here = await findings(context).catch((thrown: unknown) => failed(looksAt, thrown, context, found))
    for (const finding of here) for (const line of lines(finding, context)) out.line(line)
    found.push(...here)
  }
  const count = (state: Finding['state']) => found.filter((finding) => finding.state === state).length
  const value: DoctorSaid = { findings: found }
  const summary = `${target.words}: ${count('ok')} ok, ${count('warning')} warnings, ${count('wrong')} wrong`
  out.result(value, [summary])
  if (count('wrong') > 0) throw new AdminFault('something is wrong: each line above says what to do')
}

async function checksFor(context: AdminContext, { user, skipUpstream, deep }: DoctorOptions): Promise<Check[]> {
  const own = [
    tableCheck('configuration'),
    tableCheck('sessions'),
    masterKeyCheck,
    settingsCheck,
    listenersCheck,
    databaseClockCheck,
    ...(context.target.isLocal ? [] : [accessLogRoleCheck, connectionsCheck, concurrencyCheck]),
  ]
  const server = skipUpstream ? [] : [upstreamCheck, matrixCheck]
  if (user === undefined && deep) throw wrongUse('--deep logs a user in: say which, with --user NAME')
  if (user === undefined) return [...own, ...server]
  const name = userName(user)
  const password = skipUpstream && !deep ? undefined : await passwordOf(name, context)
  const trial = deep && password !== undefined ? [trialCheck(name, password)] : []
  // Where this machine has no way to the server, the functions have: the trial goes over them.
  const signIn = skipUpstream ? undefined : password
  const room = signIn === undefined ? [] : [matrixTrial(name, signIn)]
  return [...own, ...server, ...userChecks(name, signIn), ...room, ...trial]
}

async function passwordOf(user: string, { environment, ask }: AdminContext): Promise<string> {
  const password = environment[PASSWORD_VARIABLE] ?? (await ask.secret(`Password of ${user}: `))
  if (password === undefined) throw wrongUse(`there is no password: type it on a terminal, or set ${PASSWORD_VARIABLE}`)
  return password
}

/** A check that could not be done is something that is wrong, too, unless a finding says so already. */
function failed(looksAt: string, thrown: unknown, { target }: AdminContext, before: readonly Finding[]): Finding[] {
  const [says = '', todo = 'mend what is wrong above first'] = inWords(thrown, target).split('\n')
  return before.some((each) => each.says === says) ? [] : [{ check: looksAt, state: 'wrong', says, todo }]
}

const COLOURS = { ok: 'green', warning: 'yellow', wrong: 'red' } as const

function lines({ check, state, says, todo }: Finding, { out }: AdminContext): string[] {
  const first = `${out.paint(COLOURS[state], state.padEnd(7))}  ${check}: ${says}`
  return todo === undefined ? [first] : [first, `         -> ${todo}`]
}

export function doctorCommand(program: Command, attend: Attend): void {
  program
    .command('doctor')
    .option('--user <NAME>', 'also signs this user in to the server upstream, and opens no session there')
    .option('--skip-upstream', 'leaves out what needs a way to the server upstream from this machine')
    .option('--deep', 'also holds a session as a device does, for the user of --user: run it after a deployment')
    .description('looks for what is wrong, and says what to do about it')
    .addHelpText('after', DOCTOR_HELP)
    .action((options: DoctorOptions) => attend((context) => doctor(context, options)))
}

const DOCTOR_HELP = `
It looks at the tables and what you may do with them, the master key, the settings, sessions without a listener, the
clocks, what API Gateway has to write access logs with and what stands in the way of posts to devices, and the way to the server upstream: name, connection, certificate, answer. The password for --user is asked for, or
taken from ${PASSWORD_VARIABLE}. Exit code 1 when something is wrong; a warning is none.

--deep makes a device, connects, logs the user in, sends a sign of life and a message to itself, logs out and removes the
device, with the time that each step took. It takes a seat as every login does (where all are taken, an idle session is
logged out for it), and others see the user online for that moment.
${examples('doctor', `doctor --user 'CONTOSO\\ann'`, 'doctor --stack Collaboration --skip-upstream', `doctor --stack Collaboration --deep --user 'CONTOSO\\ann'`)}`
