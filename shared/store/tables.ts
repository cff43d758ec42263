/**
 * The two tables, as values: the CDK app makes them so, the stores below use them so. Each item is found by `pk` and `sk`.
 *
 * | table | pk | sk | what |
 * |---|---|---|---|
 * | configuration | `SETTINGS` | `-` | what the administrator set |
 * | configuration | `USER#contoso\ann` | `-` | whether the user may use the collaboration client |
 * | configuration | `DEVICE#ann-phone` | `-` | its state, transport key and enrolment code, where it is woken by Web Push; all but the state sealed (vault.ts) |
 * | configuration | `VAPID` | `-` | the key by which push services know this service (RFC 8292); the private part sealed |
 * | configuration | `VAPID` | `HELD#https://fcm.googleapis.com` | until when this push service wants nothing, where it ever said so |
 * | configuration | `KEYS` | `-` | the key ring, encrypted by KMS, where the setting `masterKey` says so |
 * | sessions | `SEATS#0000` | `00017` | a seat that is taken: the hot state of its session |
 * | sessions | `GROUP#0000` | `-` | who listens for the sessions of a few shards, until when, and how often it was notified |
 * | sessions | `HINT#shards` | `-` | the lowest shard with room, as far as somebody has seen |
 * | sessions | `SESSION#17-b0Jm…` | `-` | the connectivity cache: the state upstream (its secret sealed), cursor |
 * | sessions | `DEVICE#ann-phone` | `-` | the session that the device has, its login's number, and how often it logged in; without expiry |
 * | sessions | `WRONG#contoso\ann` | `-` | wrong passwords of a user, in a row |
 * | sessions | `MAIL#17-b0Jm…` | `0000000004` | a batch of events, with the upstream cursor inside |
 */
export const KEYS = { partition: 'pk', sort: 'sk' } as const

/**
 * DynamoDB deletes an item at any moment after this attribute's epoch second: at once, days later, or never, and in no order
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html). Nothing that lives depends on an item whose
 * second is past:
 *
 * | item | if it goes | if it stays |
 * |---|---|---|
 * | `SEATS#` `GROUP#` `HINT#` | they have no expiry: a session lives by its seat | – |
 * | `DEVICE#` | it has none: which session a device has stands as long as the device is enrolled | – |
 * | `WRONG#` | the user has as many wrong passwords as at first: no login tried one for a week | they count no more after a day (shared/rules/wrong-passwords.ts) |
 * | `SESSION#` | a listener keeps it anew each day, with the last number of the mailbox; without a listener for a week, the server upstream has ended the session long since | left over from a session without a seat: no function reads it |
 * | `MAIL#` | acknowledged: no device needs it. Not acknowledged: a listener carries it over into a newer one before that; without one, the device gets `recovered: false` | it is true all the same, and the device gets it |
 */
export const TTL_ATTRIBUTE = 'expiresAtS'
