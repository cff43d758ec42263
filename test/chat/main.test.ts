import { execFile } from 'node:child_process'
import { expect, it } from 'vitest'

/** Starts the program as a person does. */
function started(...words: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['infra/chat/main.ts', ...words], (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    )
  })
}

it('tells how it is used', async () => {
  expect(await started('--', '--help')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('npm run chat -- --as'),
  })
})

it('does not take an option it does not know', async () => {
  const { code, stdout, stderr } = await started('--frobnicate')

  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain("Unknown option '--frobnicate'")
})

it('says to start the service when a device is not known', async () => {
  const { code, stderr } = await started('--as', 'nobody-of-this-name')

  expect(code).toBe(1)
  expect(stderr).toMatch(/nobody-of-this-name\.json: there is no such file\. Run "npm start" first/)
})
