import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { barriers, CHROMIUM, visit, type Visit } from '../kit/browser.ts'
import { HAS_JS_SDK, jsPerson, type JsPerson } from '../kit/matrix-js-sdk.ts'
import { services, type Service } from '../kit/service.ts'
import { SYNAPSE, synapse, type Synapse } from '../kit/synapse.ts'
import { PASSWORD } from '../kit/upstream.ts'
import { connectionsByDevice, isIn, open, setUp, shows, signIn, texts, write } from '../kit/web-people.ts'
import { webStage, type WebStage } from '../kit/web-stage.ts'

const service = services('matrix')
let synapseServer: Synapse
let stage: WebStage | undefined
let running: Service
/** Ann in a browser of ours, and Dan with the client library that Element is made of. */
let ann: Visit
let dan: JsPerson
let direct: string
let plans: string

const lines = connectionsByDevice()
const say = (room: string, body: string) => dan.client.sendEvent(room, 'm.room.message', { msgtype: 'm.text', body })
const danSaw = (text: string) => dan.saw((event) => event.getContent()['body'] === text)

/** Ann has used another client before: there she has a conversation of two with Dan, and a room with him. */
async function knownBefore(url: string) {
  const before = await jsPerson(url, 'ann', running.ann.person.password)
  const invited = { preset: 'trusted_private_chat', is_direct: true, invite: [before.userId] }
  ;({ room_id: direct } = await dan.client.createRoom(invited))
  ;({ room_id: plans } = await dan.client.createRoom({ preset: 'public_chat', name: 'Plans' }))
  await before.client.joinRoom(direct)
  await before.client.joinRoom(plans)
  await before.client.setAccountData('m.direct', { [dan.userId]: [direct] })
  before.client.stopClient()
}

describe.skipIf(CHROMIUM === undefined || SYNAPSE === undefined || !HAS_JS_SDK)(
  'in a browser, with somebody who uses matrix-js-sdk over Synapse (skipped where there is no Chromium, or .ci/run could not install both)',
  () => {
    beforeAll(async () => {
      synapseServer = await synapse()
      const { url, register } = synapseServer
      await register('dan', PASSWORD, 'Dan Dyer')
      stage = await webStage(
        service({
          upstream: { kind: 'matrix', url },
          register: ({ user, password, displayName }) => register(user, password, displayName),
          gateway: { log: lines.log },
        }),
      )
      ;({ running } = stage)
      dan = await jsPerson(url, 'dan', PASSWORD)
      await knownBefore(url)
      ann = await visit(stage.browser)
    })
    afterAll(async () => {
      dan?.client.stopClient()
      await stage?.stop()
      await running?.stop()
      await synapseServer?.stop()
    })

    it('one is set up by a link, signs in, and sees the people and rooms that the server has', async () => {
      await setUp(ann.page, running.ann.person, running, stage?.server.url ?? '', 'link')
      await signIn(ann.page, running.ann.person)
      await isIn(ann.page)
      await ann.page.locator('.name', { hasText: /^Dan Dyer$/ }).waitFor()
      await ann.page.locator('.name', { hasText: /^Plans$/ }).waitFor()
      expect(await barriers(ann.page)).toEqual([])
    })

    it('they chat both ways, and what is changed or taken back there is so here', async () => {
      await open(ann.page, 'Dan Dyer')
      await write(ann.page, 'Hello Dan, lunch?')
      await danSaw('Hello Dan, lunch?')
      await ann.page.getByRole('img', { name: 'Delivered' }).waitFor()
      await write(ann.page, 'Or a coffee?')
      await danSaw('Or a coffee?')
      const { event_id: id } = await say(direct, 'Yes, at none')
      await shows(ann.page, 'Yes, at none')
      const replaced = { 'm.relates_to': { rel_type: 'm.replace', event_id: id } }
      const newest = { 'm.new_content': { msgtype: 'm.text', body: 'Yes, at noon' } }
      const edit = { msgtype: 'm.text', body: '* Yes, at noon', ...replaced, ...newest }
      await dan.client.sendEvent(direct, 'm.room.message', edit)
      await shows(ann.page, 'Yes, at noon')
      const { event_id: slip } = await say(direct, 'A slip')
      await shows(ann.page, 'A slip')
      await dan.client.redactEvent(direct, slip)
      await ann.page.getByRole('log').getByText('A slip').waitFor({ state: 'detached' })
      expect(await barriers(ann.page)).toEqual([])
    })

    it('each sees that the other types', async () => {
      await dan.client.sendTyping(direct, true, 20_000)
      await ann.page.getByText('Dan Dyer is typing …').waitFor()
      await say(direct, 'And coffee')
      await dan.client.sendTyping(direct, false, 0)
      await shows(ann.page, 'And coffee')
      await ann.page.getByText('Dan Dyer is typing …').waitFor({ state: 'detached' })
      await ann.page.getByRole('textbox', { name: /^Message to/ }).fill('With')
      await dan.sawTyping('@ann:contoso.test', true)
      await write(ann.page, 'With milk')
      await danSaw('With milk')
      await dan.sawTyping('@ann:contoso.test', false)
      expect((await texts(ann.page)).at(-1)).toBe('With milk')
    })

    it('a room has its own place, and counts what was not read there', async () => {
      await say(plans, 'Who comes?')
      await ann.page.getByRole('button', { name: /Plans.*1 unread message/ }).waitFor()
      await open(ann.page, 'Plans')
      await shows(ann.page, 'Who comes?')
      await write(ann.page, 'I do')
      expect((await danSaw('I do')).getSender()).toBe('@ann:contoso.test')
    })

    it('nothing is lost, and nothing comes twice, when the connection is cut on both ways', async () => {
      await lines.cut('ann-browser', running)
      await say(plans, 'Said meanwhile')
      await shows(ann.page, 'Said meanwhile')
      expect(running.gateway.silence(({ authorizer }) => authorizer?.['device'] === 'ann-browser')).toBe(1)
      await say(plans, 'Said into the silence')
      await ann.page.evaluate(() => dispatchEvent(new Event('online')))
      await shows(ann.page, 'Said into the silence')
      await write(ann.page, 'And out of it')
      await danSaw('And out of it')
      const said = await texts(ann.page)
      for (const text of ['Said meanwhile', 'Said into the silence', 'And out of it'])
        expect(said.filter((each) => each === text)).toHaveLength(1)
    })

    it('complained of nothing all the while', () => {
      expect(ann.complaints).toEqual([])
    })
  },
)
