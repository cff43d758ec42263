import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import type { Bundle } from './bundle.ts'
import { settingsFrom, STACK, type StackSettings } from './settings.ts'
import { collaborationStack } from './stack.ts'

export { STACK }

export interface SynthesisOptions {
  readonly bundles: Readonly<Record<string, Bundle>>
  /** Where the cloud assembly goes; the `cdk` command says it by itself. */
  readonly outdir?: string
  /** Context beside (and before) what the `cdk` command passes. */
  readonly context?: Readonly<Record<string, unknown>>
}

/**
 * Writes the cloud assembly, and holds it against cdk-nag's AwsSolutions pack: a finding that is not acknowledged with a
 * reason fails the synthesis. Needs no account, credentials or network.
 *
 * @returns the folder of the assembly
 */
export function synthesize({ bundles, ...options }: SynthesisOptions): string {
  return written(begun(options), bundles)
}

/** An app that has its settings, and no stack yet: they say what is to be bundled. */
export function begun({ outdir, context }: Omit<SynthesisOptions, 'bundles'> = {}): Begun {
  const app = new App({
    ...(outdir !== undefined && { outdir }),
    ...(context !== undefined && { postCliContext: context }),
  })
  return { app, settings: settingsFrom(app.node.getAllContext()) }
}

export interface Begun {
  readonly app: App
  readonly settings: StackSettings
}

/** Writes the assembly of an app that has begun. @returns its folder */
export function written({ app, settings }: Begun, bundles: SynthesisOptions['bundles']): string {
  collaborationStack(app, settings.stackName, { settings, bundles })
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  return app.synth().directory
}
