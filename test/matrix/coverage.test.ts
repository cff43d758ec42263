import { expect, it } from 'vitest'
import { sources, textOf } from '../repo/sources.ts'

const COVERAGE = textOf('shared/matrix/COVERAGE.md')

/** Paths without their methods, with `{}` for each part that is filled in. */
const normal = (path: string) => path.replaceAll(/\$?\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/g, '{}')

const listed = new Set([...COVERAGE.matchAll(/^\| `(?:GET|POST|PUT) ([^`]+)`/gm)].map(([, path = '']) => normal(path)))

const asked = new Set(
  sources()
    .filter((file) => file.startsWith('shared/matrix/') && file.endsWith('.ts'))
    .flatMap((file) => {
      const text = textOf(file).replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '')
      const whole = [...text.matchAll(/['`](?:\/_matrix\/client\/v3)?(\/(?:\.well-known|[a-z])[^'`]*)['`]/g)]
      const inRooms = [...text.matchAll(/inRoom\([^,]+, (?:['`])([^'`]+)['`]\)/g)]
      const rests = [...text.matchAll(/const rest = `([^`]+)`/g)]
      return [
        ...whole
          .filter(([text]) => text.includes('_matrix') || text.includes('well-known'))
          .map(([, path = '']) => path),
        ...[...inRooms, ...rests].map(([, rest = '']) => `/rooms/{}/${rest}`),
      ].map(normal)
    })
    // What all of them begin with is made in one place.
    .filter((path) => path !== '/rooms/{}/{}'),
)

const general = (path: string) => path.replace('state/m.room.encryption/', 'state/{}/{}').replace(/\/$/, '')

it('asks what COVERAGE.md lists, and nothing else', () => {
  const [asks, lists] = [asked, listed].map((paths) => [...new Set([...paths].map(general))].toSorted())
  expect(asks?.length).toBeGreaterThan(20)
  expect(asks).toEqual(lists)
})
