/** The fields that a line may have beside `level`, `what` and `request`. .github/LOGS.md says what each means; a test compares them. */
export const LOG_FIELDS = [
  'shard',
  'by',
  'code',
  'connection',
  'count',
  'cut',
  'device',
  'failures',
  'from',
  'function',
  'listener',
  'number',
  'offByS',
  'route',
  'session',
  'to',
  'group',
  'why',
] as const

export type Fields = { readonly [field in (typeof LOG_FIELDS)[number]]?: unknown }
