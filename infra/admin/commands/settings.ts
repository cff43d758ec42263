import type { Command } from 'commander'
import { contradictions, DEFAULT_SETTINGS, type Settings } from '../../../shared/rules/settings.ts'
import { CONFIGURATION_CACHE_MS } from '../../../shared/store/configuration/configuration.ts'
import type { Attend } from '../attend.ts'
import type { AdminContext } from '../context.ts'
import { roughly } from '../words/duration.ts'
import { examples } from './examples.ts'
import { AdminFault } from '../fault.ts'
import { assignment, printSetting, SETTING_NAMES, settingName, SETTINGS } from './setting-table.ts'

/** `--json` of all three. */
export interface SettingsShown {
  /** What is in force: durations in milliseconds; a setting that is not set and has no default is absent. */
  readonly settings: Settings
  /** The names of those that are set, and not just by default. */
  readonly set: readonly string[]
  /** What contradicts each other, in words. */
  readonly contradictions: readonly string[]
}

export async function showSettings({ configuration, out }: AdminContext): Promise<void> {
  const read = await configuration.whatIsSet()
  const settings = { ...DEFAULT_SETTINGS, ...read }
  const wrong = contradictions(settings)
  const rows = SETTING_NAMES.map((name) => {
    const value = settings[name]
    const from = name in read ? '' : 'default'
    return value === undefined
      ? [name, '-', 'not set', SETTINGS[name].meaning]
      : [name, printSetting(name, value), from, SETTINGS[name].meaning]
  })
  const shown: SettingsShown = { settings, set: Object.keys(read), contradictions: wrong }
  out.result(shown, [
    ...out.table(['setting', 'value', '', 'meaning'], rows),
    ...wrong.map((words) => `wrong: ${words}`),
  ])
}

export async function setSettings(context: AdminContext, assignments: readonly string[]): Promise<void> {
  const wanted = Object.fromEntries(assignments.map(assignment))
  await changed(context, (read) => ({ ...read, ...wanted }))
}

export async function unsetSettings(context: AdminContext, names: readonly string[]): Promise<void> {
  const unwanted = new Set<string>(names.map(settingName))
  await changed(context, (read) => Object.fromEntries(Object.entries(read).filter(([name]) => !unwanted.has(name))))
}

async function changed(context: AdminContext, next: (read: Partial<Settings>) => Partial<Settings>): Promise<void> {
  const { configuration, out } = context
  const read = await configuration.whatIsSet()
  const written = await configuration.change(read, next(read))
  if (!written.done && written.because === 'contradiction') {
    throw new AdminFault(`nothing was changed:\n  ${written.contradictions.join('\n  ')}`)
  }
  if (!written.done) {
    throw new AdminFault(
      'nothing was changed: somebody else changed the settings just now. Look with settings show, and try again',
    )
  }
  await showSettings(context)
  out.note(`in force everywhere within ${roughly(CONFIGURATION_CACHE_MS)}`)
}

export function settingsCommands(program: Command, attend: Attend): void {
  const settings = program
    .command('settings')
    .description('maximum of sessions, timeouts, mailboxes, waking')
    .addHelpText('after', SETTINGS_HELP)
  settings
    .command('show')
    .description('what is set, and what holds by default')
    .addHelpText('after', examples('settings show', 'settings show --json'))
    .action(() => attend(showSettings))
  settings
    .command('set')
    .argument('<NAME=VALUE...>', 'such as maximumSessions=100 idleTimeoutMs=10m')
    .description('sets one or mapConcurrent, all or none; durations are 90s, 10m, 4h, 1d, or milliseconds')
    .addHelpText('after', SETTINGS_HELP)
    .action((assignments: string[]) => attend((context) => setSettings(context, assignments)))
  settings
    .command('unset')
    .argument('<NAME...>', 'such as maximumSessions')
    .description('goes back to the default, or to none')
    .addHelpText('after', examples('settings unset idleTimeoutMs'))
    .action((names: string[]) => attend((context) => unsetSettings(context, names)))
}

const SETTINGS_HELP = `
Settings:
${SETTING_NAMES.map((name) => `  ${name.padEnd(23)}${SETTINGS[name].meaning}`).join('\n')}

What contradicts each other is refused, and nothing is changed then. A change is in force everywhere within ${roughly(CONFIGURATION_CACHE_MS)}.
${examples('settings set maximumSessions=100 idleTimeoutMs=10m', 'settings set statusIntervalMs=90s --stack Collaboration')}`
