import { device } from '../../shared/device/device.ts'

/**
 * A page that uses the device library as a program does: logs in, says hello to the first who writes, and reports what
 * happens to the server it came from. Run by browser.test.ts, in a browser.
 */
async function page(): Promise<void> {
  let reported = Promise.resolve()
  const report = (what: unknown) => {
    reported = reported.then(async () => {
      await fetch('/report', { method: 'POST', body: JSON.stringify(what) })
    })
  }
  const response = await fetch('/identity')
  const identity: { url: string; device: string; transportKey: number[] } = await response.json()
  const phone = device({ ...identity, transportKey: Uint8Array.from(identity.transportKey), random: () => 0 })
  phone.on((event) => {
    report(event)
    if (event.kind === 'message') void phone.send({ kind: 'message', conversation: '1', text: `${event.text} to you` })
  })
  const { uri } = await phone.login('CONTOSO\\ann', 'pässword ☃')
  report({ kind: 'logged in', uri })
}

await page()
