import type { Command } from 'commander'
import { KEY_PREFIXES, type UserRecord } from '../../../shared/store/configuration/configuration.ts'
import type { Attend } from '../attend.ts'
import type { AdminContext } from '../context.ts'
import { examples } from './examples.ts'
import { AdminFault } from '../fault.ts'
import { importUsers } from './user-import.ts'
import { USER_NAME_WORDS, userName } from '../words/user-name.ts'

/** `--json` of what changes users. */
export interface UsersChanged {
  readonly users: readonly { readonly user: string; readonly outcome: Outcome }[]
}
type Outcome = 'added' | 'permitted' | 'denied' | 'removed' | 'unlocked' | 'not locked' | 'known' | 'unknown'

/** `--json` of `users list`. Names are in small letters, as they are compared. */
export interface UsersListed {
  readonly users: readonly { readonly user: string; readonly permitted: boolean }[]
}

export async function addUsers(context: AdminContext, names: readonly string[], permitted: boolean): Promise<void> {
  await changeEach(context, names, async (name) => {
    return (await context.configuration.addUser(name, { permitted })) ? 'added' : 'known'
  })
}

export async function permitUsers(context: AdminContext, names: readonly string[], permitted: boolean): Promise<void> {
  await changeEach(context, names, async (name) => {
    if (!(await context.configuration.permit(name, permitted))) return 'unknown'
    return permitted ? 'permitted' : 'denied'
  })
  if (!permitted) context.out.note('a session that is open stays: sessions end --user NAME ends it')
}

export async function removeUsers(context: AdminContext, names: readonly string[]): Promise<void> {
  const users = names.map(userName)
  await context.ask.sure(`Remove ${users.join(', ')}?`)
  await changeEach(context, users, async (name) => {
    if (!(await context.configuration.removeUser(name))) return 'unknown'
    // The next user of this name has guessed nothing yet.
    await context.wrongPasswords.forget(name)
    return 'removed'
  })
}

/** Users who wait after wrong passwords may sign in at once. */
export async function unlockUsers(context: AdminContext, names: readonly string[]): Promise<void> {
  await changeEach(context, names, async (name) => {
    if ((await context.wrongPasswords.read(name)) === undefined) return 'not locked'
    await context.wrongPasswords.forget(name)
    return 'unlocked'
  })
}

const WHY: Readonly<Partial<Record<Outcome, string>>> = {
  known: 'is there already: users permit, or users deny, changes it',
  unknown: 'is not known: users add adds it, and users list shows who there is',
}

/** @throws AdminFault when something was otherwise than it must be; the others are done all the same */
async function changeEach(context: AdminContext, names: readonly string[], change: (name: string) => Promise<Outcome>) {
  const users = names.map(userName)
  const changed: UsersChanged['users'][number][] = []
  for (const user of users) changed.push({ user, outcome: await change(user) })
  const done = changed.filter(isDone)
  const value: UsersChanged = { users: changed }
  context.out.result(
    value,
    done.map(({ user, outcome }) => `${user}: ${outcome}`),
  )
  if (done.length === changed.length) return
  throw new AdminFault(
    changed
      .filter((each) => !isDone(each))
      .map(({ user, outcome }) => `${user} ${WHY[outcome]}`)
      .join('\n'),
  )
}

function isDone({ outcome }: { readonly outcome: Outcome }): boolean {
  return WHY[outcome] === undefined
}

export async function listUsers({ listed, out }: AdminContext): Promise<void> {
  const users: { user: string; permitted: boolean }[] = []
  for await (const page of listed<UserRecord>(KEY_PREFIXES.user)) {
    users.push(...page.map(({ name, item }) => ({ user: name, permitted: item.permitted })))
    out.progress('read', users.length)
  }
  users.sort((one, other) => (one.user < other.user ? -1 : 1))
  const value: UsersListed = { users }
  const rows = users.map(({ user, permitted }) => [user, permitted ? 'yes' : 'no'])
  out.result(
    value,
    users.length === 0 ? ['there are no users: users add NAME'] : out.table(['user', 'permitted'], rows),
  )
}

export function usersCommands(program: Command, attend: Attend): void {
  const users = program
    .command('users')
    .description('who may use the collaboration client')
    .addHelpText('after', USERS_HELP)
  users
    .command('add')
    .argument('<NAME...>', USER_NAME_WORDS)
    .option('--denied', 'without permission, until users permit')
    .description('adds users, and permits them')
    .addHelpText('after', examples(`users add 'CONTOSO\\ann' bob@contoso.test`, `users add --denied 'CONTOSO\\cat'`))
    .action((names: string[], { denied }: { denied?: true }) =>
      attend((context) => addUsers(context, names, denied !== true)),
    )
  users
    .command('permit')
    .argument('<NAME...>')
    .description('lets users log in')
    .addHelpText('after', examples(`users permit 'CONTOSO\\cat'`))
    .action((names: string[]) => attend((context) => permitUsers(context, names, true)))
  users
    .command('deny')
    .argument('<NAME...>')
    .description('lets users log in no more; sessions that are open stay')
    .addHelpText('after', examples(`users deny 'CONTOSO\\cat'`))
    .action((names: string[]) => attend((context) => permitUsers(context, names, false)))
  users
    .command('unlock')
    .argument('<NAME...>')
    .description('forgets the wrong passwords of users: who must wait after them need not')
    .addHelpText('after', examples(`users unlock 'CONTOSO\\cat'`))
    .action((names: string[]) => attend((context) => unlockUsers(context, names)))
  users
    .command('list')
    .description('all users and their permission')
    .addHelpText('after', examples('users list', 'users list --json --stack Collaboration'))
    .action(() => attend(listUsers))
  users
    .command('remove')
    .argument('<NAME...>')
    .description('forgets users: asks first')
    .addHelpText('after', examples(`users remove 'CONTOSO\\cat'`, `users remove 'CONTOSO\\cat' --yes`))
    .action((names: string[]) => attend((context) => removeUsers(context, names)))
  users
    .command('import')
    .argument('<FILE.csv>', 'with the header user,permitted, and yes or no in the second column')
    .description('adds and changes users from a file: all of it, or nothing where a line is wrong')
    .addHelpText('after', examples('users import people.csv'))
    .action((file: string) => attend((context) => importUsers(context, file)))
}

const USERS_HELP = `
NAME is ${USER_NAME_WORDS}. The form counts: a user who signs in with
both is two users here. Capital and small letters are the same. In a shell, quote the backslash.
${examples(`users add 'CONTOSO\\ann' 'CONTOSO\\bob'`, `users deny 'CONTOSO\\bob'`, 'users import people.csv')}`
