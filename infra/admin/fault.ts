/** A no to the administrator, in words that say what to do next. */
export class AdminFault extends Error {
  override readonly name = 'AdminFault'
  /** 1: refused or failed; 2: the command was used wrongly. */
  readonly exitCode: 1 | 2

  constructor(words: string, options: ErrorOptions & { readonly exitCode?: 1 | 2 } = {}) {
    super(words, options)
    this.exitCode = options.exitCode ?? 1
  }
}

/** The command line asks for something that there is not: nothing was looked at, and nothing changed. */
export function wrongUse(words: string): AdminFault {
  return new AdminFault(words, { exitCode: 2 })
}

/** What AWS's own errors mean here, by their names. */
const AWS: readonly (readonly [name: RegExp, todo: string])[] = [
  [/^AccessDenied/, 'the role you use lacks this action: infra/admin/README.md lists what the administrator needs'],
  [/^ResourceNotFound/, 'the table is not there: is this the right stack, account and region?'],
  [/^(CredentialsProvider|ProviderError)/, 'give AWS credentials: --profile NAME, or the AWS_ variables'],
  [/^(ExpiredToken|RequestExpired|TokenRefreshRequired)/, 'the AWS credentials have expired: get new ones'],
  [
    /^(UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch)/,
    'AWS does not know these credentials: check them, and the clock',
  ],
]

/** Whatever was thrown, in words, with what to do about it where that is known. */
export function inWords(thrown: unknown, { isLocal = false }: { readonly isLocal?: boolean } = {}): string {
  if (thrown instanceof AdminFault) return thrown.message
  if (!(thrown instanceof Error)) return String(thrown)
  const code = codeOf(thrown)
  if (isLocal && (code === 'ECONNREFUSED' || code === 'ECONNRESET'))
    return 'the local stack does not answer: is npm start running?'
  if (thrown.message === 'Region is missing') return 'the region is not known: give --region NAME, or set AWS_REGION'
  const [, todo] = AWS.find(([name]) => name.test(thrown.name)) ?? []
  const said = thrown.message === '' ? thrown.name : thrown.message
  return todo === undefined ? said : `${said}\n${todo}`
}

function codeOf(thrown: Error): unknown {
  if ('code' in thrown) return thrown.code
  return thrown.cause instanceof Error && 'code' in thrown.cause ? thrown.cause.code : undefined
}
