import type { ClientCodec } from './codec.ts'
import { CwaFault, SignInRefused } from './faults.ts'
import { iwaHandshake, type IwaParts } from './ntlm/iwa.ts'
import { report, ticketIn, whyRefused } from './sign-in-answer.ts'
import type { CwaResponses } from './model.ts'
import type { HttpAnswer } from '../upstream/http/transport.ts'
import type { Unread } from '../upstream/unread.ts'

export interface SignedIn {
  /** To be sent with every request, until an answer brings a newer one. A secret. */
  readonly ticket: string
  /** Cookies that were set on the way, as `CookieJar.kept` gives them. A secret. */
  readonly cookies?: string
  readonly by: 'iwa' | 'forms'
  /** SIP URI of the user, where the server says it. */
  readonly uri?: string
  /** To be handed to `initiateSession` unchanged. */
  readonly signInData?: string
  /** What was tried and how it ended, in plain words for a log. No secrets. */
  readonly steps: readonly string[]
}

export interface SignInParts extends IwaParts {
  readonly codec: ClientCodec
  readonly onUnread?: ((doing: string, unread: Unread) => void) | undefined
}

const IWA = 'Integrated Windows Authentication'
const FORMS = 'forms'

/**
 * Signs a user in: Integrated Windows Authentication, and where that is not successful, the forms-based way.
 * A wrong password so counts twice towards a lock-out of the account; nothing is tried a third time.
 * @param user `DOMAIN\user` or `user@domain`
 * @throws SignInRefused when the server takes the user by neither; CwaFault when it cannot be asked
 */
export async function signIn(parts: SignInParts, user: string, password: string): Promise<SignedIn> {
  const logon = parts.codec.printRequests({ methods: [{ method: 'logon' }] })
  const iwa = await iwaHandshake(parts, user, password, logon)
  const missing = typeof iwa === 'string' ? iwa : whyRefused(iwa)
  if (typeof iwa !== 'string' && missing === undefined) return accepted(parts, iwa, 'iwa', [`${IWA}: accepted`])

  const steps = [`${IWA}: ${missing}`]
  const forms = await signInByForms(parts, user, password)
  if (forms.status === 404) {
    throw new CwaFault('give-up', `${steps[0]}; ${FORMS}: the server has no such page; check the server's URL`)
  }
  const refused = whyRefused(forms)
  if (refused !== undefined) throw new SignInRefused([...steps, `${FORMS}: ${refused}`])
  return accepted(parts, forms, 'forms', [...steps, `${FORMS}: accepted`])
}

async function signInByForms(parts: SignInParts, user: string, password: string) {
  const { transport, codec, deadlineMs, clock, jar } = parts
  const path = '/forms/logon.html'
  const answer = await transport.request({
    method: 'POST',
    path,
    headers: { 'Content-Type': codec.contentType, ...jar.header(path) },
    body: codec.printRequests({ methods: [{ method: 'logon', user, password }] }),
    deadlineMs,
  })
  jar.take(answer.cookies, path)
  report(answer, FORMS, clock.now())
  return answer
}

/** It is the ticket that signs in: of the body is taken what can be read. */
function accepted(parts: SignInParts, answer: HttpAnswer, by: SignedIn['by'], steps: readonly string[]): SignedIn {
  const ticket = ticketIn(answer) ?? ''
  const cookies = parts.jar.kept()
  if (answer.body.trim() === '') return { ticket, ...cookies, by, steps }
  const { answers, unread } = readable(parts.codec, answer.body)
  if (unread) parts.onUnread?.('signing in', unread)
  const succeeded = answers.filter((each) => each.answer === 'requestSucceeded')
  const uri = succeeded.find((each) => each.uri)?.uri
  const signInData = succeeded.find((each) => each.signInData)?.signInData
  return { ticket, ...cookies, by, ...(uri && { uri }), ...(signInData && { signInData }), steps }
}

function readable(codec: ClientCodec, body: string): Pick<CwaResponses, 'answers' | 'unread'> {
  try {
    return codec.parseResponses(body)
  } catch (thrown) {
    if (!(thrown instanceof CwaFault)) throw thrown
    return { answers: [], unread: { parts: 1, first: [thrown.message] } }
  }
}
