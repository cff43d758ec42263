import { describe, expect, it } from 'vitest'
import { SignInRefused } from '../../shared/cwa/faults.ts'
import { signInFront, type FrontBehaviour } from '../kit/sign-in-front.ts'
import { clientOf, upstream, WAYS } from '../kit/upstream.ts'

const URI = 'sip:juergen@contoso.test'
const PASSWORD = 'Käsekuchen & <Пароль> 🌍'
const USERS = [{ domain: 'MÜNCHEN', user: 'jürgen', password: PASSWORD, displayName: 'Jürgen', uri: URI }]
const NAMES = ['MÜNCHEN\\jürgen', 'jürgen@MÜNCHEN']

const IWA = 'Integrated Windows Authentication'
const REFUSED = `${IWA}: the server does not accept the user name or password`

interface Case {
  readonly how: string
  readonly front?: FrontBehaviour
  readonly iwa?: boolean
  readonly password?: string
  readonly steps: readonly string[]
  /** What the gateway saw of the scheme. */
  readonly schemes?: readonly string[]
}

const ACCEPTED: readonly Case[] = [
  { how: 'by NTLM', steps: [`${IWA}: accepted`] },
  {
    how: 'by Negotiate only',
    front: 'negotiate-only',
    steps: [`${IWA}: accepted`],
    schemes: ['Negotiate', 'Negotiate'],
  },
  {
    how: 'by forms, where IWA is off',
    iwa: false,
    steps: [`${IWA}: the server answers HTTP 404`, 'forms: accepted'],
  },
  {
    how: 'by forms, where IWA refuses',
    front: 'iwa-refused',
    steps: [REFUSED, 'forms: accepted'],
    schemes: ['NTLM', 'NTLM'],
  },
]

describe.each(WAYS)('a sign-in with $way', ({ codec, tls }) => {
  async function started({ front, iwa = true }: Case) {
    const up = await upstream({ users: USERS, codec, iwa, tls: tls && front === undefined })
    if (front === undefined) return { ...up, schemes: undefined }
    const gateway = await signInFront(up.cwa.url(), { behaviour: front, tls })
    return { ...up, client: clientOf(gateway.url, codec, gateway.ca), schemes: gateway.schemes }
  }

  describe.each(NAMES)('as %s', (name) => {
    it.each(ACCEPTED)('succeeds $how, and the session opens', async (given) => {
      const { client, cwa, schemes } = await started(given)

      const signedIn = await client.signIn(name, PASSWORD)

      const by = given.steps.length === 1 ? 'iwa' : 'forms'
      expect(signedIn).toMatchObject({ by, uri: URI, steps: given.steps, ticket: expect.stringMatching(/^\S{20,}$/) })
      expect(Buffer.from(signedIn.signInData ?? '', 'base64').toString()).toContain('<displayName>Jürgen</displayName>')
      expect(schemes).toEqual(given.schemes)
      const session = await client.initiateSession(signedIn)
      expect(cwa.control.sessions()).toEqual([{ sid: session.sid, uri: URI, listening: false }])
    })

    it('is refused by both, after one attempt of each', async () => {
      const { client, cwa } = await started({ how: '', steps: [] })

      const refused: unknown = await client.signIn(name, `${PASSWORD}!`).catch((thrown: unknown) => thrown)

      expect(refused).toBeInstanceOf(SignInRefused)
      expect(refused).toMatchObject({ kind: 'wrong-password', steps: [REFUSED, 'forms: the server answers HTTP 401'] })
      expect(cwa.control.requests().map(({ path, status }) => [path, status])).toEqual([
        ['/iwa/logon.html', 401],
        ['/iwa/logon.html', 401],
        ['/iwa/logon.html', 401],
        ['/forms/logon.html', 401],
      ])
    })
  })
})
