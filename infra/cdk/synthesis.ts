import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import type { Bundle } from './bundle.ts'
import { settingsFrom, STACK, type StackSettings } from './settings.ts'
import { collaborationStack } from './stack.ts'

export { STACK }

export interface SynthesisOptions {
  readonly bundles: Readonly<Record<string, Bundle>>
  /** The folder of the built page (page/page-files.ts): needed where `collaboration:page` is set. */
  readonly pageFolder?: string | undefined
  /** Where the cloud assembly goes; the `cdk` command says it by itself. */
  readonly outdir?: string
  /** Context beside (and before) what the `cdk` command passes. */
  readonly context?: Readonly<Record<string, unknown>>
  /**
   * `false`: the CDK's own validator of CloudFormation templates is left out, which takes it three seconds of the processor
   * (https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.AppProps.html, builtinCloudFormationValidation).
   */
  readonly isForCloudFormation?: boolean
}

/**
 * Writes the cloud assembly, and holds it against cdk-nag's AwsSolutions pack: a finding that is not acknowledged with a
 * reason fails the synthesis. Needs no account, credentials or network.
 *
 * @returns the folder of the assembly
 */
export function synthesize({ bundles, pageFolder, ...options }: SynthesisOptions): string {
  return written(begun(options), { bundles, pageFolder })
}

/** An app that has its settings, and no stack yet: they say what is to be bundled. */
export function begun({
  outdir,
  context,
  isForCloudFormation = true,
}: Omit<SynthesisOptions, 'bundles' | 'pageFolder'> = {}): Begun {
  const app = new App({
    builtinCloudFormationValidation: isForCloudFormation,
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
export function written({ app, settings }: Begun, built: Pick<SynthesisOptions, 'bundles' | 'pageFolder'>): string {
  collaborationStack(app, settings.stackName, { settings, ...built })
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  return app.synth().directory
}
