import { describe, expect, it } from 'vitest'
import { textOf } from './sources.ts'

type Versions = Readonly<Record<string, string>>
const PACKAGE: Readonly<Record<string, Versions>> = JSON.parse(textOf('package.json'))
const LOCK: {
  readonly packages: Readonly<Record<string, { version?: string; integrity?: string; inBundle?: boolean }>>
} = JSON.parse(textOf('package-lock.json'))

const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies']
const direct = KINDS.flatMap((kind) => Object.entries(PACKAGE[kind] ?? {}))

describe('a dependency', () => {
  it('has one exact version', () => {
    expect(direct.length).toBeGreaterThan(20)
    expect(direct.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
  })

  it('is locked at that version', () => {
    const locked = direct.filter(([name, version]) => LOCK.packages[`node_modules/${name}`]?.version !== version)
    expect(locked).toEqual([])
  })

  // What comes inside another package is made of what that one is made of.
  it('is locked with what it must be made of', () => {
    const others = Object.entries(LOCK.packages).filter(([path, { inBundle }]) => path !== '' && inBundle !== true)
    expect(
      others.filter(([, { integrity }]) => integrity?.startsWith('sha512-') !== true).map(([path]) => path),
    ).toEqual([])
  })
})
