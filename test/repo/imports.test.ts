import { describe, expect, it } from 'vitest'
import { forbidden, importsOf, type Rule } from './imports.ts'
import { sources, textOf } from './sources.ts'

/** What every room of functions may take from `shared`: never a server's client, never the device's library. */
const SHARED_OF_ROOMS = [
  'shared/backoff.ts',
  'shared/clock.ts',
  'shared/rules/',
  'shared/wire/',
  'shared/store/',
  'shared/upstream/',
  'shared/gateway/',
]

/** Who may import whom. Only the tests have `test/` in their list. */
const RULES: readonly Rule[] = [
  { who: 'shared/backoff.ts' },
  { who: 'shared/clock.ts' },
  { who: 'shared/rules/', files: ['shared/rules/'] },
  { who: 'shared/wire/', files: ['shared/wire/', 'shared/rules/'], packages: ['jose', 'valibot'] },
  {
    who: 'shared/store/',
    files: ['shared/store/', 'shared/rules/', 'shared/upstream/'],
    packages: ['node:', '@aws-sdk/*'],
  },
  {
    who: 'shared/cwa/',
    files: ['shared/cwa/', 'shared/upstream/', 'shared/rules/', 'shared/clock.ts'],
    packages: ['node:', 'fast-xml-parser', 'tough-cookie', 'valibot'],
  },
  { who: 'shared/http/', files: ['shared/http/'], packages: ['node:'] },
  { who: 'shared/sdk/', files: ['shared/sdk/', 'shared/http/'], packages: ['node:', '@aws-sdk/*', '@smithy/core'] },
  {
    who: 'shared/matrix/',
    files: ['shared/matrix/', 'shared/upstream/', 'shared/rules/', 'shared/clock.ts'],
    packages: ['node:'],
  },
  { who: 'shared/upstream/', files: ['shared/upstream/', 'shared/rules/'] },
  {
    who: 'shared/upstream/http/',
    files: ['shared/upstream/', 'shared/http/', 'shared/rules/', 'shared/clock.ts'],
    packages: ['node:'],
  },
  {
    who: 'shared/gateway/',
    files: ['shared/gateway/', 'shared/sdk/', 'shared/rules/aws/calls.ts'],
    packages: ['@aws-sdk/client-apigatewaymanagementapi'],
  },
  {
    who: 'shared/device/',
    files: ['shared/device/', 'shared/backoff.ts', 'shared/wire/', 'shared/rules/', 'shared/clock.ts'],
  },
  {
    who: 'functions/*.ts',
    files: ['functions/', ...SHARED_OF_ROOMS],
    packages: ['node:', '@middy/core', 'aws-lambda'],
  },
  {
    who: 'functions/envelope/',
    files: ['functions/envelope/', ...SHARED_OF_ROOMS],
    packages: ['node:', '@middy/core', 'aws-lambda', '@aws-lambda-powertools/*'],
  },
  { who: 'functions/session/', files: ['functions/session/', 'functions/envelope/', ...SHARED_OF_ROOMS] },
  {
    who: 'functions/admission/',
    files: ['functions/admission/', 'functions/session/', 'functions/envelope/', ...SHARED_OF_ROOMS],
    packages: ['node:'],
  },
  {
    who: 'functions/listening/',
    files: ['functions/listening/', 'functions/session/', 'functions/envelope/', ...SHARED_OF_ROOMS],
  },
  {
    who: 'functions/web-push/',
    files: ['functions/web-push/', 'functions/envelope/', ...SHARED_OF_ROOMS],
    packages: ['node:', 'jose'],
  },
  {
    who: 'functions/wiring/',
    files: ['functions/', 'shared/cwa/', 'shared/matrix/', 'shared/sdk/', 'shared/http/', ...SHARED_OF_ROOMS],
    packages: ['node:', '@aws-sdk/*', '#upstream'],
  },
  {
    who: 'infra/cdk/',
    files: [
      'infra/cdk/',
      'infra/web/build.ts',
      'infra/web/headers.ts',
      'shared/rules/',
      'shared/store/tables.ts',
      'shared/wire/actions.ts',
      'functions/listening/waking-event.ts',
      'shared/upstream/http/legacy-tls.ts',
      'shared/upstream/kinds.ts',
    ],
    types: ['functions/wiring/environment.ts'],
    packages: ['node:', 'aws-cdk-lib', 'constructs', 'cdk-nag', 'esbuild', 'valibot'],
  },
  {
    who: 'infra/aws/',
    files: ['infra/aws/', 'shared/clock.ts', 'shared/rules/aws/gateway-limits.ts'],
    packages: ['node:', 'ws', 'esbuild', 'valibot'],
  },
  {
    who: 'infra/standin/',
    files: ['infra/standin/', 'shared/cwa/', 'shared/rules/', 'shared/clock.ts'],
    packages: ['node:', 'fast-xml-parser', 'valibot'],
  },
  {
    who: 'infra/local/',
    files: [
      'infra/cdk/',
      'infra/aws/',
      'infra/standin/',
      'infra/local/',
      'infra/terminal/',
      'infra/web/build.ts',
      'infra/web/headers.ts',
      'infra/web/model/enrolment-link.ts',
      'shared/',
      'functions/',
    ],
    packages: ['node:', 'valibot', '@aws-sdk/*'],
  },
  {
    who: 'infra/terminal/',
    files: ['infra/terminal/', 'shared/clock.ts'],
    packages: ['node:', 'string-width', 'wrap-ansi'],
  },
  {
    who: 'infra/chat/',
    files: ['infra/chat/', 'infra/terminal/', 'shared/device/', 'shared/wire/', 'shared/rules/', 'shared/clock.ts'],
    packages: ['node:', 'valibot'],
  },
  {
    who: 'infra/web/',
    files: [
      'infra/web/',
      'infra/chat/typing-notice.ts',
      'shared/device/',
      'shared/wire/',
      'shared/rules/',
      'shared/clock.ts',
    ],
    packages: ['preact', '@preact/signals'],
  },
  {
    who: 'infra/web/build.ts',
    packages: ['node:', 'esbuild'],
  },
  {
    who: 'infra/admin/',
    files: [
      'infra/admin/',
      'infra/terminal/',
      'infra/local/stack-file.ts',
      'infra/cdk/bundle.ts',
      'shared/clock.ts',
      'shared/rules/',
      'shared/wire/',
      'shared/store/',
      'shared/device/',
      'shared/upstream/',
      'shared/cwa/',
      'shared/matrix/',
      'shared/gateway/',
    ],
    packages: [
      'node:',
      'commander',
      'csv-parse',
      'valibot',
      'uqr',
      '@aws-sdk/*',
      '@smithy/signature-v4',
      'fast-xml-parser',
    ],
  },
  {
    who: 'infra/cwa/',
    files: ['infra/cwa/', 'infra/standin/', 'infra/terminal/', 'shared/cwa/', 'shared/rules/', 'shared/clock.ts'],
    packages: ['node:'],
  },
]

describe('every file', () => {
  it('imports only what its folder may', () => {
    const checked = sources().filter((file) => !file.startsWith('test/'))
    expect(checked.length).toBeGreaterThan(100)
    expect(checked.flatMap((file) => forbidden(file, textOf(file), RULES))).toEqual([])
  })

  it('is imported for what it exports: the bundler leaves out what is loaded for its effect (sideEffects in package.json)', () => {
    const { sideEffects }: { sideEffects: boolean } = JSON.parse(textOf('package.json'))
    const bare = /^import ['"]\./m
    expect([sideEffects, bare.test(`import './effect.ts'`)]).toEqual([false, true])
    expect(sources().filter((file) => bare.test(textOf(file)))).toEqual([])
  })

  it('is looked at with rules that let no folder import test', () => {
    const mayImport = RULES.flatMap(({ files = [], types = [] }) => [...files, ...types])
    expect(mayImport.filter((file) => file.startsWith('test'))).toEqual([])
  })
})

describe('importsOf', () => {
  it.each([
    [`import { a } from './b.ts'`, 'shared/x/b.ts', false],
    [`import type { A } from './b.ts'`, 'shared/x/b.ts', true],
    [`import { type A, type B } from './b.ts'`, 'shared/x/b.ts', true],
    [`import { type A, b } from './b.ts'`, 'shared/x/b.ts', false],
    [`import {\n  a,\n  b,\n} from '../y/b.ts'`, 'shared/y/b.ts', false],
    [`import a, { b } from 'jose'`, 'jose', false],
    [`import * as a from "jose/jwt"`, 'jose/jwt', false],
    [`import './b.ts'`, 'shared/x/b.ts', false],
    [`export * from '../../functions/b.ts'`, 'functions/b.ts', false],
    [`export { a } from './b.ts'`, 'shared/x/b.ts', false],
    [`export type { A } from './b.ts'`, 'shared/x/b.ts', true],
    [`const a = await import('node:fs')`, 'node:fs', false],
    [`let a: import('node:fs').Stats`, 'node:fs', false],
  ])('finds that of %j', (text, of, typeOnly) => {
    expect(importsOf('shared/x/a.ts', text)).toEqual([{ of, typeOnly }])
  })

  it('finds each of several, and nothing where the word only occurs', () => {
    const text = [
      `import { a } from './a.ts'`,
      `import { b } from './b.ts'`,
      ` * import { c } from './c.ts'`,
      `export const important = 'from'`,
      `export function imported() {}`,
      `const from = 'import'`,
      `export function f() {\n  // taken from 'x'\n}`,
    ].join('\n')
    expect(importsOf('shared/x/x.ts', text).map(({ of }) => of)).toEqual(['shared/x/a.ts', 'shared/x/b.ts'])
  })
})

describe('forbidden', () => {
  it.each([
    ['shared/rules/seat.ts', `import { seats } from '../store/seats/seats.ts'`, 'shared/store/seats/seats.ts'],
    ['shared/rules/seat.ts', `import type { Table } from '../store/table.ts'`, 'shared/store/table.ts'],
    ['shared/rules/seat.ts', `import { randomBytes } from 'node:crypto'`, 'node:crypto'],
    ['shared/rules/seat.ts', `import * as v from 'valibot'`, 'valibot'],
    ['shared/wire/seal.ts', `import { Buffer } from 'node:buffer'`, 'node:buffer'],
    ['shared/store/table.ts', `import { seal } from '../wire/seal.ts'`, 'shared/wire/seal.ts'],
    ['shared/cwa/client.ts', `import { seats } from '../store/seats/seats.ts'`, 'shared/store/seats/seats.ts'],
    ['shared/upstream/upstream.ts', `import type { CwaClient } from '../cwa/client.ts'`, 'shared/cwa/client.ts'],
    [
      'shared/gateway/connections.ts',
      `import { DynamoDBClient } from '@aws-sdk/client-dynamodb'`,
      '@aws-sdk/client-dynamodb',
    ],
    ['shared/gateway/connections.ts', `import { Refusal } from '../rules/refusal.ts'`, 'shared/rules/refusal.ts'],
    ['shared/device/device.ts', `import { once } from 'node:events'`, 'node:events'],
    ['shared/device/device.ts', `import { WebSocket } from 'ws'`, 'ws'],
    ['functions/login.ts', `import { DynamoDBClient } from '@aws-sdk/client-dynamodb'`, '@aws-sdk/client-dynamodb'],
    ['functions/login.ts', `import { device } from '../shared/device/device.ts'`, 'shared/device/device.ts'],
    ['functions/login.ts', `import { cwaClient } from '../shared/cwa/client.ts'`, 'shared/cwa/client.ts'],
    [
      'functions/session/send.ts',
      `import { cwaUpstream } from '../../shared/cwa/upstream.ts'`,
      'shared/cwa/upstream.ts',
    ],
    ['functions/session/send.ts', `import { sessionStores } from '../wiring/stores.ts'`, 'functions/wiring/stores.ts'],
    ['functions/session/send.ts', `import { listen } from '../listening/listen.ts'`, 'functions/listening/listen.ts'],
    ['functions/envelope/route.ts', `import { poll } from '../session/poll.ts'`, 'functions/session/poll.ts'],
    ['functions/envelope/route.ts', `import { bundle } from '../../infra/cdk/bundle.ts'`, 'infra/cdk/bundle.ts'],
    ['infra/cdk/stack.ts', `import { seats } from '../../shared/store/seats/seats.ts'`, 'shared/store/seats/seats.ts'],
    ['infra/cdk/stack.ts', `import { assembly } from '../aws/assembly/assembly.ts'`, 'infra/aws/assembly/assembly.ts'],
    [
      'infra/cdk/stack.ts',
      `import { variable } from '../../functions/wiring/environment.ts'`,
      'functions/wiring/environment.ts',
    ],
    ['infra/aws/policy.ts', `import { standInCwa } from '../standin/cwa/server.ts'`, 'infra/standin/cwa/server.ts'],
    ['infra/aws/policy.ts', `import { tables } from '../../shared/store/tables.ts'`, 'shared/store/tables.ts'],
    ['infra/local/stack.ts', `import { testClock } from '../../test/kit/clock.ts'`, 'test/kit/clock.ts'],
    ['infra/local/stack.ts', `import { App } from 'aws-cdk-lib'`, 'aws-cdk-lib'],
    ['infra/chat/chat.ts', `import { localStack } from '../local/stack.ts'`, 'infra/local/stack.ts'],
  ])('names what %s may not: %s', (file, text, of) => {
    expect(forbidden(file, text, RULES)).toEqual([`${file} -> ${of}`])
  })

  it.each([
    ['shared/wire/seal.ts', `import { Refusal } from '../rules/refusal.ts'\nimport { base64url } from 'jose'`],
    ['infra/cdk/stack.ts', `import { LogGroup } from 'aws-cdk-lib/aws-logs'\nimport { table } from './table.ts'`],
    ['infra/cdk/functions.ts', `import type { Variable } from '../../functions/wiring/environment.ts'`],
    ['functions/wiring/stores.ts', `import { DynamoDBClient } from '@aws-sdk/client-dynamodb'`],
    ['functions/wiring/upstream.ts', `import { cwaUpstream } from '../../shared/cwa/upstream.ts'`],
  ])('lets %s import what it may', (file, text) => {
    expect(forbidden(file, text, RULES)).toEqual([])
  })

  it('names a folder that has no rule, even where its files import nothing', () => {
    expect(forbidden('infra/extra/a.ts', '', RULES)).toEqual([
      'infra/extra/a.ts -> (there is no rule for this folder in test/repo/imports.test.ts)',
    ])
  })
})
