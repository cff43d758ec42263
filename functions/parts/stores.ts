import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { configuration } from '../../shared/store/configuration.ts'
import { mailbox } from '../../shared/store/mailbox.ts'
import { outlooks } from '../../shared/store/outlook.ts'
import { seats } from '../../shared/store/seats.ts'
import { sessions } from '../../shared/store/sessions.ts'
import { table } from '../../shared/store/table.ts'
import { watches } from '../../shared/store/watches.ts'
import { wrongPasswordStore } from '../../shared/store/wrong-passwords.ts'
import { variable } from './environment.ts'

const client = new DynamoDBClient()

/** The configuration database, as functions may read it. */
export function configurationStore() {
  return configuration(table(client, variable('CONFIGURATION_TABLE')))
}

/** What the sessions table holds. */
export function sessionStores() {
  const items = table(client, variable('SESSIONS_TABLE'))
  return {
    seats: seats(items),
    sessions: sessions(items),
    mailbox: mailbox(items),
    watches: watches(items),
    outlooks: outlooks(items),
  }
}

/** Wrong passwords, which only a login counts. */
export function wrongPasswords() {
  return wrongPasswordStore(table(client, variable('SESSIONS_TABLE')))
}

export type SessionStores = ReturnType<typeof sessionStores>
