/** The pages before a real gateway, which runs in memory: what it answers is what they show. They ask it by its own socket. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, type TestContext, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { stringify } from 'yaml'
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

test('a change that nobody keeps is gone from the gateway, one that is kept is on its disk, comments and all', async (context) => {
  const box = await openBox(context)
  const text = `# by hand\n${stringify(sampleConfig())}`.replace('vni: 200', 'vni: 200 # eyes')
  await box.write(text)
  await box.start()
  await box.line('gateway ready')
  const url = await openFront(context, box.places.apiSocket)
  const { page, context: tab, complaints } = await openPage(browser, 'desktop', 'light')
  const press = (name: string) => page.getByRole('button', { name }).first().click()
  await page.goto(`${url}#/segments`)
  await press('Change cameras')
  await page.getByRole('spinbutton', { name: 'VNI' }).fill('201')
  await press('Done')
  await press('Review')
  await page.locator('.told', { hasText: 'VNI' }).waitFor()
  await page.getByLabel('Time to keep it').selectOption('30')
  await press('Apply on trial')
  await page.getByText('Revision 43 runs on trial.').waitFor()
  await page.getByText('Revision 43 was taken back.').waitFor({ timeout: 45_000 })
  await page.getByText('Nobody confirmed it in time.').waitFor()
  assert.equal(await readFile(box.places.config, 'utf8'), text)
  await press('Review')
  await press('Apply on trial')
  await page.getByText('Revision 43 runs on trial.').waitFor()
  await press('Keep it')
  await page.getByText('The change is kept.').waitFor()
  const kept = text.replace('revision: 42', 'revision: 43').replace('vni: 200', 'vni: 201')
  assert.equal(await readFile(box.places.config, 'utf8'), kept)
  for (const [route, word] of [
    ['lans', 'lan0'],
    ['config/history', '43'],
  ] as const) {
    await page.goto(`${url}#/${route}`)
    await page.locator('.card', { hasText: word }).first().waitFor()
  }
  assert.deepEqual(complaints, [])
  await tab.close()
})
