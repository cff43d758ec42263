import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { filesIn, isOfOneMachine, isOnly, isVague, overfull, unexplainedSkips, waits } from './layout.ts'
import { sources, textOf } from './sources.ts'

/** Tracked, or new and not ignored. Undefined where git, or its folder, is not there. */
function projectFiles(): string[] | undefined {
  try {
    const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return listed.split('\0').filter((file) => file !== '' && existsSync(file))
  } catch {
    return undefined
  }
}

const files = projectFiles()
const tests = sources().filter((file) => file.startsWith('test/'))

function filesOr(context: TestContext): string[] {
  return files ?? context.skip('there is no git, or this is no clone of it, to say which files are the project')
}

/** The lines that are so, each as `file:number: line`. */
function lines(file: string, is: (line: string) => boolean): string[] {
  return textOf(file)
    .split('\n')
    .flatMap((line, index) => (is(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []))
}

describe('the top level', () => {
  const GIVEN = ['LICENSE', 'README.md', 'cdk.json', 'package-lock.json', 'package.json', 'tsconfig.json']

  it('holds what was given for it, and settings of tools in dot-files', (context) => {
    const top = new Set(filesOr(context).map((file) => file.split('/')[0] ?? ''))
    const seen = [...top].filter((name) => !name.startsWith('.'))
    expect(seen.toSorted()).toEqual([...GIVEN, 'functions', 'infra', 'shared', 'test'].toSorted())
  })
})

describe('a file', () => {
  it('is named for a word of the domain', (context) => {
    expect(filesOr(context).filter((file) => isVague(basename(file)))).toEqual([])
  })

  it('names no folder of one machine and no registry', (context) => {
    const texts = filesOr(context).filter((file) => basename(file) !== 'package-lock.json' && isText(file))
    expect(texts.flatMap((file) => lines(file, isOfOneMachine))).toEqual([])
  })

  it('that npm locks comes from the public registry', () => {
    const hosts = textOf('package-lock.json').match(/(?<="resolved": ")\w+:\/\/[^/]+/g) ?? []
    expect(hosts.filter((host) => !/^https:\/\/registry\.npmjs\.org$/.test(host))).toEqual([])
  })
})

describe('a folder of the sources', () => {
  /** About 15. */
  const MOST = 16

  it('holds few enough files to be read at a glance', () => {
    expect(
      overfull(
        sources().filter((file) => !file.startsWith('test/')),
        MOST,
      ),
    ).toEqual([])
  })
})

describe('a test', () => {
  it('waits for nothing by the clock on the wall', () => {
    const outsideKit = tests.filter((file) => !file.startsWith('test/kit/'))
    expect(outsideKit.flatMap((file) => lines(file, waits))).toEqual([])
  })

  it('never keeps the others from running', () => {
    expect(tests.flatMap((file) => lines(file, isOnly))).toEqual([])
  })

  it('says why it is skipped', () => {
    const unexplained = tests.flatMap((file) => unexplainedSkips(textOf(file)).map((skip) => `${file}: ${skip}`))
    expect(unexplained).toEqual([])
  })
})

describe('an npm script', () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(textOf('package.json'))

  it.each(Object.entries(scripts))('%s runs files that are there: %s', (_, script) => {
    expect(filesIn(script).filter((file) => !existsSync(file))).toEqual([])
  })
})

describe('these rules', () => {
  const folder = ['', 'work', 'main'].join('/')
  const host = ['registry', 'example', 'test'].join('.')
  const [only, skip, skipIf] = ['only', 'skip', 'skipIf'].map((name) => `it.${name}`)
  const inContext = ['context', 'skip'].join('.')

  it.each(['utils.ts', 'helper.ts', 'common.js', 'types.ts', 'index.ts', 'misc.md'])('see that %s is vague', (name) => {
    expect(isVague(name)).toBe(true)
  })

  it.each(['seat.ts', 'network-types.ts', 'index'])('see that %s is not', (name) => {
    expect(isVague(name)).toBe(false)
  })

  it('see a folder with too many files of its own', () => {
    expect(overfull(['a/b.ts', 'a/c.ts', 'a/d/e.ts', 'a/d/f.ts', 'a/d/g.ts'], 2)).toEqual(['a/d: 3'])
  })

  it('see a folder of one machine and a registry, and no other folder or host', () => {
    expect([`cd ${folder}/infra`, `"${folder}/x"`, `npm --registry https://${host}/`].map(isOfOneMachine)).toEqual([
      true,
      true,
      true,
    ])
    expect(['the npm registry.', '../work/x', 'https://a.test/work/x', 'registry.ts'].map(isOfOneMachine)).toEqual([
      false,
      false,
      false,
      false,
    ])
  })

  it('see a test that waits, and not one that hands over code that does', () => {
    expect(waits(['await new Promise((done) => setTimeout', '(done, 5))'].join(''))).toBe(true)
    expect(waits(['import { setTimeout as pause } from ', `'node:timers`, `/promises'`].join(''))).toBe(true)
    expect(waits(`run('setTimeout(() => 0, 5)')`)).toBe(false)
  })

  it('see a test that keeps others from running', () => {
    expect([`${only}('is', () => {})`, `${only}.each([1])('is', () => {})`].map(isOnly)).toEqual([true, true])
    expect([`it('is ${only}', () => {})`, `expect(a.only)`].map(isOnly)).toEqual([false, false])
  })

  it('see a test that is skipped without a word', () => {
    expect(unexplainedSkips(`${skip}('is', () => {})`)).toHaveLength(1)
    expect(unexplainedSkips(`${skipIf}(!curl)('is', () => {})`)).toHaveLength(1)
    expect(unexplainedSkips(`${skipIf}(!curl)('is (skipped where there is no curl)', () => {})`)).toEqual([])
    expect(unexplainedSkips(`${inContext}()`)).toHaveLength(1)
    expect(unexplainedSkips(`${inContext}('there is no git')`)).toEqual([])
  })

  it('see which files a script names', () => {
    expect(filesIn('node infra/local/main.ts --once && tsc --noEmit && .ci/run && node a.mjs')).toEqual([
      'infra/local/main.ts',
      '.ci/run',
      'a.mjs',
    ])
  })
})

function isText(file: string): boolean {
  return !readFileSync(file).includes(0)
}
