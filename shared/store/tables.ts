/**
 * The two tables, as values: the CDK app makes them so, the stores below use them so. Each item is found by `pk` and `sk`.
 *
 * | table | pk | sk | what |
 * |---|---|---|---|
 * | configuration | `SETTINGS` | `-` | what the administrator set |
 * | configuration | `USER#contoso\ann` | `-` | whether the user may use the collaboration client |
 * | configuration | `DEVICE#ann-phone` | `-` | its state, transport key and enrolment code; the keys sealed (vault.ts) |
 * | configuration | `KEYS` | `-` | the key ring, encrypted by KMS, where the setting `masterKey` says so |
 * | sessions | `SEATS#0000` | `00017` | a seat that is taken: the hot state of its session |
 * | sessions | `WATCH#0000` | `-` | who listens for the sessions of a few benches, until when, and how often somebody rang |
 * | sessions | `HINT#benches` | `-` | the lowest bench with room, as far as somebody has seen |
 * | sessions | `SESSION#17-b0Jm…` | `-` | the connectivity cache: upstream sid, ticket with cookies (sealed), cursor |
 * | sessions | `DEVICE#ann-phone` | `-` | the session that the device has, and how often it logged in |
 * | sessions | `WRONG#contoso\ann` | `-` | wrong passwords of a user, in a row |
 * | sessions | `MAIL#17-b0Jm…` | `0000000004` | a batch of events, with the upstream cursor inside |
 */
export const KEYS = { partition: 'pk', sort: 'sk' } as const

/** DynamoDB deletes an item some days after this attribute's epoch second; nothing depends on when. */
export const TTL_ATTRIBUTE = 'expiresAtS'
