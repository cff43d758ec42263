import { configuration } from '../../shared/store/configuration/configuration.ts'
import { redeeming } from '../../shared/store/configuration/enrolment.ts'
import { mailbox } from '../../shared/store/mailbox.ts'
import { seatHints } from '../../shared/store/seats/seat-hint.ts'
import { seats } from '../../shared/store/seats/seats.ts'
import { sessions } from '../../shared/store/sessions.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { wrongPasswordStore } from '../../shared/store/wrong-passwords.ts'
import type { SessionStores } from '../session/session-stores.ts'
import { masterKeyVault } from './master-key/master-key.ts'
import { configurationTable, sessionsTable } from './tables.ts'

/** One for all stores of an environment: the key ring is read once. */
export const vault = masterKeyVault()

/** The configuration database, as functions may read it. */
export function configurationStore() {
  return configuration(configurationTable(), vault)
}

/** The one thing that a function writes there: that a code is redeemed. */
export function redeemingStore() {
  return redeeming(configurationTable(), vault)
}

/** What the sessions table holds. */
export function sessionStores(): SessionStores {
  const items = sessionsTable()
  return {
    seats: seats(items),
    sessions: sessions(items, vault),
    mailbox: mailbox(items),
    listenerGroups: listenerGroups(items),
    seatHints: seatHints(items),
  }
}

/** The seats alone. */
export function seatStore() {
  return seats(sessionsTable())
}

/** Wrong passwords, which only a login counts. */
export function wrongPasswords() {
  return wrongPasswordStore(sessionsTable())
}
