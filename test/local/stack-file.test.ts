import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { runningStacks, stackFile } from '../../infra/local/stack-file.ts'
import { services, type Service } from '../kit/service.ts'

const service = services()
let first: Service
let second: Service

beforeAll(async () => {
  first = await service()
  second = await service()
})

function place() {
  const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'stack.json')
  const ann = join(folder, 'devices/ann.json')
  const known = () => (existsSync(path) ? String(JSON.parse(readFileSync(path, 'utf8')).outputs.Url) : undefined)
  const annsUrl = () => String(JSON.parse(readFileSync(ann, 'utf8')).url)
  return { folder, path, ann, known, annsUrl }
}

/** Two stacks, started one after the other. */
function two() {
  const { path, ann, ...rest } = place()
  const [one, other] = [first, second].map((running) => {
    const notes = stackFile(path, running)
    notes.device(ann, { url: running.url })
    return notes
  })
  if (one === undefined || other === undefined) throw new Error('there are two')
  return { path, ann, one, other, ...rest }
}

describe('of two local stacks', () => {
  it('the one that was started last is known, and its devices are', () => {
    const { known, annsUrl } = two()
    expect([known(), annsUrl()]).toEqual([second.url, second.url])
  })

  it('the first is known again, and its devices are, when the second has stopped', () => {
    const { other, known, annsUrl, path, ann } = two()
    other.forget()
    expect([known(), annsUrl()]).toEqual([first.url, first.url])
    expect([path, ann].map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600])
  })

  it('the second stays known when the first has stopped, and none is when both have', () => {
    const { one, other, known, path } = two()
    one.forget()
    expect(known()).toBe(second.url)
    other.forget()
    expect(known()).toBeUndefined()
    expect(runningStacks(path)).toEqual([])
  })

  it('each says where its page is, and the second stays known', () => {
    const { one, other, known, path } = two()
    const page = () => JSON.parse(readFileSync(path, 'utf8')).outputs.PageUrl
    other.page('http://127.0.0.1:2/')
    one.page('http://127.0.0.1:1/')
    expect([known(), page()]).toEqual([second.url, 'http://127.0.0.1:2/'])
    other.forget()
    expect([known(), page()]).toEqual([first.url, 'http://127.0.0.1:1/'])
  })

  it('one that died without a word is not known again', () => {
    const { folder, path, known } = place()
    const dead = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }))
    mkdirSync(join(folder, 'stacks'))
    const left = JSON.stringify({ pid: dead, startedAt: 1, text: '{"outputs":{"Url":"ws://dead"}}', devices: {} })
    writeFileSync(join(folder, 'stacks/dead.json'), left)

    stackFile(path, first).forget()

    expect(known()).toBeUndefined()
    expect(existsSync(join(folder, 'stacks/dead.json'))).toBe(false)
  })
})
