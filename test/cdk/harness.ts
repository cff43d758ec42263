import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle, type Bundle } from '../../infra/cdk/bundle.ts'
import { projectContext } from '../../infra/cdk/project-context.ts'
import { STACK, synthesize } from '../../infra/cdk/synthesis.ts'

/** Bundling and a first synthesis take three seconds, and many times that on a busy machine. */
export const SYNTHESIS_MS = 300_000

/** A CloudFormation template in which each reference is a text: see `flat`. */
export interface Template {
  readonly resources: Readonly<Record<string, Resource>>
  readonly outputs: Readonly<Record<string, { readonly Value: string }>>
}

export interface Resource {
  readonly Type: string
  readonly Properties: Readonly<Record<string, unknown>>
  readonly DeletionPolicy?: string
  readonly UpdateReplacePolicy?: string
}

export interface Assembly {
  /** The cloud assembly. */
  readonly folder: string
  readonly template: Template
  /** What the synthesis threw. The template is written all the same: a finding need fail no other test of a file. */
  readonly thrown: unknown
}

export interface Synthesis extends Assembly {
  readonly bundles: Readonly<Record<string, Bundle>>
  /** Synthesizes the same bundles with other settings. */
  readonly again: (settings: Readonly<Record<string, unknown>>) => Assembly
  /** Forgets all that was written. */
  readonly remove: () => void
}

/** Builds the functions and synthesizes the app with the project's context and, over it, these settings. */
export async function synthesis(settings: Readonly<Record<string, unknown>> = {}): Promise<Synthesis> {
  const scratch = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
  const bundles = await bundle(join(scratch, 'bundles'))
  const again = (settings: Readonly<Record<string, unknown>>) => {
    const folder = mkdtempSync(join(scratch, 'cdk.out-'))
    const thrown = thrownBy(() => synthesize({ bundles, outdir: folder, context: withSettings(settings) }))
    return { folder, template: templateIn(folder), thrown }
  }
  return { ...again(settings), bundles, again, remove: () => rmSync(scratch, { recursive: true, force: true }) }
}

/** The project's context, with settings named as they are in infra/cdk/settings.ts. */
export function withSettings(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const ours = Object.entries(settings).map(([key, value]) => [`collaboration:${key}`, value])
  return { ...projectContext(), ...Object.fromEntries(ours) }
}

export function thrownBy(action: () => unknown): unknown {
  try {
    action()
    return undefined
  } catch (thrown) {
    return thrown
  }
}

export function templateIn(folder: string): Template {
  const written = readJson<{ Resources: Record<string, unknown>; Outputs: Record<string, unknown> }>(
    join(folder, `${STACK}.template.json`),
  )
  const flattened = flat({ resources: named(written.Resources), outputs: named(written.Outputs) })
  // The CDK wrote the template a moment ago; the tests say of each property what it must be.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return flattened as Template
}

export function readJson<T>(file: string): T {
  // Likewise.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(readFileSync(file, 'utf8')) as T
}

/** Resources of a type, by name, in the template's order. */
export function ofType({ resources }: Template, type: string): [name: string, resource: Resource][] {
  return Object.entries(resources).filter(([, resource]) => resource.Type === type)
}

/** The properties of the resource of this name. */
export function propertiesOf({ resources }: Template, name: string): Resource['Properties'] {
  const resource = resources[name]
  if (resource === undefined) throw new Error(`no resource ${name}; there are ${Object.keys(resources).join(', ')}`)
  return resource.Properties
}

/**
 * `{"Ref": "Sessions8896A56D"}` → `${Sessions}`, `{"Fn::GetAtt": ["loginRole5E3E04C8", "Arn"]}` → `${loginRole.Arn}`, and
 * `Fn::Join` joined: names without the CDK's hash, so that a test can say them.
 */
function flat(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(flat)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const [[key, argument] = ['', undefined]] = entries
  if (key === 'Ref') return `\${${nameOf(String(argument))}}`
  if (key === 'Fn::GetAtt' && Array.isArray(argument)) return `\${${nameOf(String(argument[0]))}.${argument[1]}}`
  if (key === 'Fn::Join' && Array.isArray(argument)) return [flat(argument[1])].flat().join(String(argument[0]))
  return Object.fromEntries(entries.map(([name, each]) => [name, flat(each)]))
}

function named(byId: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(byId).map(([id, value]) => [nameOf(id), value] as const)
  const names = new Set(entries.map(([name]) => name))
  if (names.size < entries.length) throw new Error('two resources differ in their hash only: name them by their id')
  return Object.fromEntries(entries)
}

function nameOf(id: string): string {
  return id.replace(/[0-9A-F]{8}$/, '')
}
