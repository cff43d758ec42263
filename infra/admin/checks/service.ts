import { capacity } from '../../../shared/rules/admission.ts'
import { contradictions, DEFAULT_SETTINGS } from '../../../shared/rules/settings.ts'
import { watching } from '../../../shared/rules/listener-group.ts'
import { takenBenches } from '../words/taken.ts'
import { ok, warning, wrong, type Check } from './check.ts'

export const settingsCheck: Check = {
  looksAt: 'the settings',
  async findings({ configuration }) {
    const settings = { ...DEFAULT_SETTINGS, ...(await configuration.whatIsSet()) }
    const found = contradictions(settings)
    if (found.length === 0) return [ok('settings', `free of contradictions; at most ${capacity(settings)} sessions`)]
    return found.map((says) => wrong('settings', says, 'settings set or settings unset mends it'))
  },
}

/** Events of a bench that has sessions and no listener wait, until upkeep's next tick. */
export const listenersCheck: Check = {
  looksAt: 'the benches',
  async findings(desk) {
    const taken = await takenBenches(desk)
    const now = desk.clock.now()
    const { ofBench } = watching(desk.target.sessionsPerListener)
    const listened = await Promise.all(taken.map(({ bench }) => desk.watches.listened(ofBench(bench), now)))
    const unheard = taken.filter((_, at) => listened[at] === false)
    if (unheard.length === 0) {
      const says =
        taken.length === 0
          ? 'there are no sessions to listen for'
          : `all ${taken.length} with sessions are listened for`
      return [ok('benches', says)]
    }
    const todo = "upkeep's tick mends it within a minute; if this stays, look at the log of the function upkeep"
    return unheard.map(({ bench, taken }) => {
      return warning('benches', `bench ${bench} has ${sessions(taken.length)}, and nobody listens`, todo)
    })
  },
}

function sessions(count: number): string {
  return count === 1 ? '1 session' : `${count} sessions`
}
