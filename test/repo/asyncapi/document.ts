import { toJsonSchemaDefs, type ConversionConfig } from '@valibot/to-json-schema'
import { ACTIONS, type Action } from '../../../shared/wire/actions.ts'
import { command, deviceFrame, PLAIN_BYTES, type DeviceFrame, type ServiceFrame } from '../../../shared/wire/frames.ts'
import { batch, imEvent, serviceFrame } from './service-frame.ts'

type Json = Readonly<Record<string, unknown>>

/** Which frame answers which. What is refused is answered by `refused` in its place. */
const ANSWERS = {
  login: 'accepted',
  send: 'sent',
  poll: 'events',
  status: 'heard',
  logout: 'bye',
  enroll: 'enrolled',
  subscribe: 'subscribed',
} as const satisfies Record<Action, ServiceFrame['type']>

/** What comes unasked, with `act` `push`: `refused` where the service could not read which action a message had. */
const UNASKED = ['events', 'ended', 'refused'] as const satisfies readonly ServiceFrame['type'][]

/** Schemas that others point at, by the name that each has in the document. */
const NAMED = { command, imEvent, batch }

/** Texts of frames, as PROTOCOL.md shows them. */
export interface Examples {
  readonly device: readonly string[]
  readonly service: readonly string[]
}

/**
 * The device protocol as an AsyncAPI document: a channel, an operation for each action and one for what comes unasked,
 * a message for each frame of either direction. A message's payload is the JSON text inside a frame; how it is sealed
 * stands in PROTOCOL.md, which JSON Schema cannot say.
 *
 * https://www.asyncapi.com/docs/reference/specification/v3.1.0
 */
export function asyncApi(examples: Examples): Json {
  return {
    asyncapi: '3.1.0',
    info: {
      title: 'The device protocol of the Collaboration Service',
      version: '1',
      description:
        'Frames that a device and the service exchange. Generated from the schemas of shared/wire: change those, then run "node test/repo/asyncapi/main.ts". PROTOCOL.md says what the frames mean, and how a payload here is sealed into the frame that is sent.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      gateway: {
        host: '{host}',
        pathname: '/{stage}',
        protocol: 'wss',
        description: 'A WebSocket API of API Gateway.',
        variables: { host: { description: 'As enrolment says.' }, stage: { default: 'live' } },
        security: [{ $ref: '#/components/securitySchemes/deviceToken' }],
      },
    },
    channels: { connection: channel() },
    operations: operations(),
    components: components(examples),
  }
}

function channel(): Json {
  return {
    address: null,
    title: "A device's connection",
    servers: [{ $ref: '#/servers/gateway' }],
    messages: refsTo([...up().map(upName), ...down().map(downName)], '#/components/messages'),
    bindings: { ws: { method: 'GET', query: QUERY } },
  }
}

const QUERY = {
  type: 'object',
  properties: { token: { type: 'string', description: 'A JWT of the device: PROTOCOL.md, section 1.' } },
  required: ['token'],
}

/** As seen from the service: it receives what a device says. */
function operations(): Json {
  const asked = ACTIONS.map((action) => [
    action,
    {
      action: 'receive',
      channel: { $ref: '#/channels/connection' },
      summary: `A device says ${action}; the answer is ${ANSWERS[action]}, or refused.`,
      messages: inChannel([upName(action)]),
      reply: {
        channel: { $ref: '#/channels/connection' },
        messages: inChannel([ANSWERS[action], 'refused'].map(downName)),
      },
    },
  ])
  const push = {
    action: 'send',
    channel: { $ref: '#/channels/connection' },
    summary: 'What comes unasked.',
    messages: inChannel(UNASKED.map(downName)),
  }
  return { ...Object.fromEntries(asked), push }
}

function components({ device, service }: Examples): Json {
  const messages = [
    ...up().map((type) => message(upName(type), type, 'up', device)),
    ...down().map((type) => message(downName(type), type, 'down', service)),
  ]
  const frames = [
    ...deviceFrame.options.map((schema) => [upName(schema.entries.type.literal), schema] as const),
    ...serviceFrame.options.map((schema) => [downName(schema.entries.type.literal), schema] as const),
  ]
  return {
    messages: Object.fromEntries(messages),
    schemas: toJsonSchemaDefs({ ...Object.fromEntries(frames), ...NAMED }, JSON_SCHEMA),
    securitySchemes: {
      deviceToken: { type: 'httpApiKey', in: 'query', name: 'token', description: QUERY.properties.token.description },
    },
  }
}

function message(name: string, type: string, direction: 'up' | 'down', examples: readonly string[]) {
  const shown = examples.map((text): Json => JSON.parse(text)).filter((example) => example['type'] === type)
  return [
    name,
    {
      name: type,
      title: direction === 'up' ? `A device says ${type}` : `The service says ${type}`,
      description: `At most ${PLAIN_BYTES} bytes of JSON text, sealed as a JWE whose \`dir\` is \`${direction}\`.`,
      payload: { $ref: `#/components/schemas/${name}` },
      examples: shown.map((payload) => ({ payload })),
    },
  ]
}

/** JSON Schema draft 7, as AsyncAPI has it. */
const JSON_SCHEMA: ConversionConfig = {
  target: 'draft-07',
  // What a schema asks a function of its own: whether each letter of a user's name is seen.
  ignoreActions: ['check', 'readonly'],
  overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  // The only flag here is `u`, and JSON Schema has patterns read so. With another one the conversion fails.
  overrideAction: ({ valibotAction: action, jsonSchema }) =>
    'requirement' in action && action.requirement instanceof RegExp && action.requirement.flags === 'u'
      ? { ...jsonSchema, pattern: action.requirement.source }
      : undefined,
}

const up = (): DeviceFrame['type'][] => deviceFrame.options.map(({ entries }) => entries.type.literal)
const down = (): ServiceFrame['type'][] => serviceFrame.options.map(({ entries }) => entries.type.literal)
const upName = (type: string) => `device.${type}`
const downName = (type: string) => `service.${type}`

function refsTo(names: readonly string[], folder: string): Json {
  return Object.fromEntries(names.map((name) => [name, { $ref: `${folder}/${name}` }]))
}

function inChannel(names: readonly string[]) {
  return names.map((name) => ({ $ref: `#/channels/connection/messages/${name}` }))
}
