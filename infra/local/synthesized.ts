import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { assembly } from '../aws/assembly/assembly.ts'
import type { Description } from '../aws/assembly/description.ts'
import { bundle, upstreamFile, type Bundle } from '../cdk/bundle.ts'
import { projectContext } from '../cdk/project-context.ts'
import { synthesizeApart } from '../cdk/synthesis-apart.ts'
import type { SynthesisOptions } from '../cdk/synthesis.ts'
import type { ServerUpstream } from './server-upstream.ts'

export interface AppOptions {
  /** Where the key ring is, as the setting `masterKey` says it. With `kms:` it lasts as long as the stack runs. */
  readonly masterKey?: string
  /** How devices are woken, as the setting `webPush` says it; absent: they are not. */
  readonly webPush?: { readonly contact: string; readonly services?: readonly string[] }
  /** Functions that were built already; absent: they are built at the start. */
  readonly bundles?: Readonly<Record<string, Bundle>>
  /** The CDK app to run; absent: this project's, synthesized in a process of its own. */
  readonly app?: (options: SynthesisOptions) => string | Promise<string>
  /** Hears what is being started, in words for people. */
  readonly progress?: (words: string) => void
}

/**
 * What the app says that is to run, read from its cloud assembly.
 *
 * @param folder where the bundles and the assembly go
 */
export async function synthesized(options: AppOptions, server: ServerUpstream, folder: string): Promise<Description> {
  const { progress = () => {}, app: synthesize = synthesizeApart } = options
  if (options.bundles === undefined) progress('bundling the functions')
  const bundles = options.bundles ?? (await bundle(join(folder, 'bundles'), upstreamFile(server.kind)))
  progress('synthesizing the CDK app')
  const context = contextFor(options, server, folder)
  // Nothing here hands the template to CloudFormation.
  return assembly(await synthesize({ bundles, outdir: join(folder, 'cdk.out'), context, isForCloudFormation: false }))
}

/** The CDK app learns where the server upstream is as from a team: by its settings, over those of cdk.json. */
function contextFor(
  { masterKey, webPush }: AppOptions,
  { kind, url, codec, ca }: ServerUpstream,
  folder: string,
): Record<string, unknown> {
  const file = join(folder, 'upstream-ca.pem')
  if (ca !== undefined) writeFileSync(file, ca)
  return {
    ...projectContext(),
    ...(masterKey !== undefined && { 'collaboration:masterKey': masterKey }),
    ...(webPush !== undefined && { 'collaboration:webPush': webPush }),
    'collaboration:upstream': kind,
    'collaboration:upstreamUrl': url,
    'collaboration:codec': codec,
    ...(ca !== undefined && { 'collaboration:privateCa': file }),
  }
}
