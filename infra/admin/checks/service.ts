import { capacity } from '../../../shared/rules/admission.ts'
import { contradictions, DEFAULT_SETTINGS } from '../../../shared/rules/settings.ts'
import { grouping } from '../../../shared/rules/listener-group.ts'
import { takenShards } from '../words/taken.ts'
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

/** Events of a shard that has sessions and no listener wait, until upkeep's next tick. */
export const listenersCheck: Check = {
  looksAt: 'the shards',
  async findings(context) {
    const taken = await takenShards(context)
    const now = context.clock.now()
    const { ofShard } = grouping(context.target.sessionsPerListener)
    const listened = await Promise.all(taken.map(({ shard }) => context.listenerGroups.listened(ofShard(shard), now)))
    const unheard = taken.filter((_, at) => listened[at] === false)
    if (unheard.length === 0) {
      const says =
        taken.length === 0
          ? 'there are no sessions to listen for'
          : `all ${taken.length} with sessions are listened for`
      return [ok('shards', says)]
    }
    const todo = "upkeep's tick mends it within a minute; if this stays, look at the log of the function upkeep"
    return unheard.map(({ shard, taken }) => {
      return warning('shards', `shard ${shard} has ${sessions(taken.length)}, and no listener`, todo)
    })
  },
}

function sessions(count: number): string {
  return count === 1 ? '1 session' : `${count} sessions`
}
