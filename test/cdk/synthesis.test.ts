import { mkdtempSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { App, Validations } from 'aws-cdk-lib'
import { CfnTable } from 'aws-cdk-lib/aws-dynamodb'
import { AwsSolutionsChecks } from 'cdk-nag'
import { beforeAll, describe, expect, it } from 'vitest'
import { settingsFrom } from '../../infra/cdk/settings.ts'
import { collaborationStack } from '../../infra/cdk/stack.ts'
import { projectContext } from '../../infra/cdk/project-context.ts'
import { STACK, synthesize } from '../../infra/cdk/synthesis.ts'
import { propertiesOf, readJson, synthesis, SYNTHESIS_MS, templateIn, thrownBy, type Synthesis } from './harness.ts'

let made: Synthesis

beforeAll(async () => {
  made = await synthesis()
  return made.remove
}, SYNTHESIS_MS)

/** The same app, held against the same pack, with one thing about it changed. */
function changed(change: (app: App) => void): unknown {
  const app = new App({ postCliContext: projectContext(), outdir: mkdtempSync(`${made.folder}-changed-`) })
  collaborationStack(app, STACK, { settings: settingsFrom(projectContext()), bundles: made.bundles })
  change(app)
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  return thrownBy(() => app.synth())
}

describe('the findings of cdk-nag', { timeout: SYNTHESIS_MS }, () => {
  it('are all acknowledged with a reason', () => {
    expect(made.thrown).toBeUndefined()
    expect(readJson(`${made.folder}/validation-report.json`)).toMatchObject({ pluginReports: [] })
  })

  it('are looked for in every synthesis', () => {
    const context = { ...projectContext(), 'aws:cdk:version-reporting': true }
    const outdir = `${made.folder}-reporting`
    synthesize({ bundles: made.bundles, outdir, context })
    // What the CDK reports of an app names the packs that it is held against, as a compressed text.
    const { Analytics } = propertiesOf(templateIn(outdir), 'CDKMetadata')
    const reported = gunzipSync(Buffer.from(String(Analytics).replace(/^.*:/, ''), 'base64')).toString()
    expect(reported).toContain('policyValidation.AwsSolutions')
  })

  it('fail the synthesis, here of a table without point-in-time recovery', () => {
    const thrown = changed((app) => {
      const table = app.node.findAll().find((each) => each instanceof CfnTable)
      if (table !== undefined) table.pointInTimeRecoverySpecification = undefined
    })
    expect(String(thrown)).toMatch(/AwsSolutions-DDB3/)
  })

  it('are not there in the same app without that change', () => {
    expect(changed(() => {})).toBeUndefined()
  })
})

describe('synthesize', { timeout: SYNTHESIS_MS }, () => {
  it('says which settings are wrong before it makes anything', () => {
    const context = { 'collaboration:codec': 'soap' }
    const outdir = `${made.folder}-wrong`
    expect(() => synthesize({ bundles: made.bundles, outdir, context })).toThrow(
      /collaboration:upstreamUrl: is not set/,
    )
  })

  it('says which function was not built', () => {
    const { poll: _, ...bundles } = made.bundles
    const outdir = `${made.folder}-unbuilt`
    expect(() => synthesize({ bundles, outdir, context: projectContext() })).toThrow(
      'functions/poll.ts is not built: it is missing from the bundles',
    )
  })
})
