import { createRequire } from 'node:module'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { describe, expect, it, type TestContext } from 'vitest'
import { ACTIONS } from '../../shared/wire/actions.ts'
import { deviceFrame } from '../../shared/wire/frames.ts'
import { asyncApi, type Examples } from './asyncapi/document.ts'
import { serviceFrame } from './asyncapi/service-frame.ts'
import { examplesIn } from './protocol-examples.ts'
import { textOf } from './sources.ts'

const PROTOCOL = textOf('shared/wire/PROTOCOL.md')
const EXAMPLES: Examples = {
  device: examplesIn(PROTOCOL, 'json device'),
  service: examplesIn(PROTOCOL, 'json service'),
}
const JUDGE = join(import.meta.dirname, '../../.local/judges/asyncapi')

interface Parser {
  parse(
    text: string,
  ): Promise<{ readonly diagnostics: readonly { readonly message: string; readonly path: unknown }[] }>
}

/** What AsyncAPI's own parser has to say of a document: nothing of one that is right. */
async function judged(document: unknown, context: TestContext): Promise<readonly string[]> {
  if (!existsSync(join(JUDGE, 'package'))) return context.skip('there is no @asyncapi/parser here: .ci/run installs it')
  const { Parser }: { Parser: new () => Parser } = createRequire(join(JUDGE, 'package.json'))('@asyncapi/parser')
  const { diagnostics } = await new Parser().parse(JSON.stringify(document))
  return diagnostics.map(({ message, path }) => `${JSON.stringify(path)}: ${message}`)
}

type Validate = (value: unknown) => boolean

/** Whether a frame's text is as the document's JSON Schema has it, to Ajv, which comes with that parser. */
function takenBySchema(context: TestContext): (end: 'device' | 'service', text: string) => boolean {
  if (!existsSync(join(JUDGE, 'package'))) return context.skip('there is no ajv here: .ci/run installs it')
  const { default: Ajv }: { default: new (options: object) => { compile(schema: object): Validate } } = createRequire(
    join(JUDGE, 'package.json'),
  )('ajv')
  const ajv = new Ajv({ strict: false })
  const { components } = asyncApi(EXAMPLES)
  const schemas = new Map<string, Validate>()
  return (end, text) => {
    const value: { type?: unknown } = JSON.parse(text)
    const name = `${end}.${String(value.type)}`
    const schema = schemas.get(name) ?? ajv.compile({ components, $ref: `#/components/schemas/${name}` })
    schemas.set(name, schema)
    return schema(value)
  }
}

function isFrame(text: string): boolean {
  return v.safeParse(deviceFrame, JSON.parse(text)).success
}

/** The text with one member gone, of another kind, empty, out of bounds or beside one that there is not: each way once. */
function damaged(text: string): string[] {
  const found: string[] = []
  const root: unknown = JSON.parse(text)
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return
    const object: Record<string, unknown> = Object.assign(value)
    for (const [name, was] of Object.entries(object)) {
      if (name === 'type') continue
      for (const instead of [undefined, null, '', ' ', -1, 0.5, 2 ** 53, [], {}, 'x'.repeat(16_001)]) {
        object[name] = instead
        found.push(JSON.stringify(root))
      }
      object[name] = was
      visit(was)
    }
    if (Array.isArray(value)) return
    object['beside'] = 1
    found.push(JSON.stringify(root))
    delete object['beside']
  }
  visit(root)
  return found
}

describe('asyncapi.json', () => {
  it('is what the schemas that parse the frames say, with the examples of PROTOCOL.md', () => {
    expect(JSON.parse(textOf('shared/wire/asyncapi.json'))).toEqual(asyncApi(EXAMPLES))
  })

  it('has an operation for each action, and a message with an example for each frame of either direction', () => {
    const document: {
      operations: Record<string, unknown>
      components: { messages: Record<string, { examples: unknown[] }> }
    } = JSON.parse(textOf('shared/wire/asyncapi.json'))
    expect(Object.keys(document.operations)).toEqual([...ACTIONS, 'push'])
    const messages = Object.entries(document.components.messages)
    expect(messages).toHaveLength(ACTIONS.length + serviceFrame.options.length)
    expect(messages.filter(([, { examples }]) => examples.length === 0)).toEqual([])
  })

  it('is taken by the parser of AsyncAPI without a remark', async (context) => {
    expect(await judged(asyncApi(EXAMPLES), context)).toEqual([])
  })

  it('is not taken with an operation on a channel that there is not', async (context) => {
    const operations = { lost: { action: 'receive', channel: { $ref: '#/channels/lost' } } }
    const remarks = await judged({ ...asyncApi(EXAMPLES), operations }, context)
    expect(remarks).toContainEqual(expect.stringContaining("'#/channels/lost' does not exist"))
  })

  it('takes as JSON Schema what parses as a frame, and what does not parse it does not take', (context) => {
    const take = takenBySchema(context)
    const texts = EXAMPLES.device.flatMap((text) => [text, ...damaged(text)])
    expect(texts.length).toBeGreaterThan(200)
    expect(texts.filter((text) => take('device', text) !== isFrame(text))).toEqual([])
    expect(EXAMPLES.service.filter((text) => !take('service', text))).toEqual([])
  })
})

describe('the schema of what the service says', () => {
  it.each(EXAMPLES.service)('knows every member of an example: %s', (text) => {
    // What it does not know, it leaves out.
    expect(v.parse(serviceFrame, JSON.parse(text))).toEqual(JSON.parse(text))
  })
})
