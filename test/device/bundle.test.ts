import { build } from 'esbuild'
import { expect, it } from 'vitest'

it('bundles for a browser without anything of Node', async () => {
  const { warnings, outputFiles } = await build({
    entryPoints: ['shared/device/device.ts'],
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2024',
    write: false,
    logLevel: 'silent',
  })
  const [bundle] = outputFiles

  expect(warnings).toEqual([])
  expect(bundle?.text).not.toMatch(/["']node:|\brequire\(/)
  expect(bundle?.text).toMatch(/export\s*\{[^}]*\bdevice\b/)
})
