import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import type { Bundle } from './bundle.ts'
import { settingsFrom, STACK } from './settings.ts'
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
 * Writes the cloud assembly, and holds it against cdk-nag's AwsSolutions pack: a finding that nobody acknowledged with a
 * reason fails the synthesis. Needs no account, credentials or network.
 *
 * @returns the folder of the assembly
 */
export function synthesize({ bundles, outdir, context }: SynthesisOptions): string {
  const app = new App({
    ...(outdir !== undefined && { outdir }),
    ...(context !== undefined && { postCliContext: context }),
  })
  const settings = settingsFrom(app.node.getAllContext())
  collaborationStack(app, settings.stackName, { settings, bundles })
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  return app.synth().directory
}
