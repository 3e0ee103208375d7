/** The pages before a real gateway, which runs in memory: what it answers is what they show. They ask it by its own socket. */
import assert from 'node:assert/strict'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, type TestContext, test } from 'node:test'
import type { Browser } from 'playwright-core'
import type { DeviceConfig } from '../../firmware/model/device-config.ts'
import { openBox, until } from '../unit/gateway/box.ts'
import { sampleConfig } from '../unit/model/sample-config.ts'
import { openBrowser, openPage } from './browser.ts'
import { serveFile } from './fake-box.ts'

let browser: Browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

/** Files from here, the API from the socket. */
async function openFront(context: TestContext, socketPath: string): Promise<string> {
  const server: Server = createServer((asked, answer) => {
    const { pathname } = new URL(asked.url ?? '/', 'http://box')
    if (!pathname.startsWith('/api/')) {
      void serveFile(pathname, answer)
      return
    }
    const { method, url, headers } = asked
    const onward = request({ socketPath, method, path: url, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 500, got.headers)
      got.pipe(answer)
    })
    onward.on('error', () => answer.destroy())
    answer.on('close', () => onward.destroy())
    asked.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

test('status, paths, history and events of a gateway are shown', async (context) => {
  const box = await openBox(context)
  const config = sampleConfig() as DeviceConfig
  await box.write(config)
  await box.start()
  await box.line('gateway ready')
  const url = await openFront(context, box.places.apiSocket)
  // Of what was never read there is no history.
  for (const [kind, { name }] of [
    ['uplinks', config.uplinks[0]!],
    ['peers', config.peers[0]!],
  ] as const) {
    const path = `${url}api/v1/history/${kind}/${name}/minutes`
    await until(async () => ((await fetch(path)).ok ? true : null))
  }
  const { page, context: tab, complaints } = await openPage(browser, 'desktop', 'light')
  await page.goto(url)
  await page.locator('.health-site', { hasText: config.site }).waitFor()
  // Nobody answers there: each peer is shown, and that it is not reached.
  for (const { name } of config.peers) await page.locator('.map-place', { hasText: name }).waitFor()
  await page.locator('.recent-event', { hasText: 'gateway' }).first().waitFor()
  for (const { name } of config.uplinks) {
    await page.goto(`${url}#/uplinks/${name}`)
    await page.locator('h2', { hasText: name }).waitFor()
  }
  const [peer] = config.peers
  await page.goto(`${url}#/peers/${peer!.name}`)
  await page.getByRole('heading', { level: 1, name: peer!.name }).waitFor()
  await page
    .getByText('There is no session with this peer.')
    .or(page.getByText('Handshakes'))
    .first()
    .waitFor()
  assert.deepEqual(complaints, [])
  await tab.close()
})
