/** What a real browser, in which somebody is signed in, is kept from: a page of another site that frames the box or asks it, a foreign name. */
import { openBrowser, openPage } from '../../browser/browser.ts'
import { hostAddress } from '../../lab/hosts.ts'
import type { Check } from '../line.ts'
import { claim } from './check.ts'
import { desk, type Scene, signIn, site } from './scene.ts'

const foreignName = 'evil.example'
const foreignPort = 8_088
/** The frame, and what it asks. */
const tries = 5

/** Frames the box, shows what it would of it, and asks it in the name of whoever looks. */
const foreignPage = (url: string): string => `<!doctype html><title>prize</title>
<iframe id="frame" src="${url}"></iframe>
<script>
  const tries = [
    ['GET', 'cors', 'status'], ['GET', 'no-cors', 'config'],
    ['POST', 'cors', 'config/rollback'], ['POST', 'no-cors', 'system/restart'],
  ]
  Promise.all(tries.map(async ([method, mode, path]) => {
    try {
      const answer = await fetch('${url}api/v1/' + path, { method, mode, credentials: 'include' })
      return mode === 'cors' ? answer.text() : ''
    } catch { return '' }
  })).then((read) => { document.title = 'done ' + read.join('') })
</script>`

export async function foreignSite(
  scene: Scene,
  title: string,
  fault: string | undefined,
): Promise<Check> {
  const { browser, url } = scene
  const { page, context } = await openPage(browser, 'desktop', 'light')
  await signIn(page, url, 'admin')
  await using _ = await startSite(
    scene,
    fault === 'own-page' ? '<title>done it</title>' : foreignPage(url),
  )
  await page.goto('about:blank')
  const stopped: string[] = []
  page.on('requestfailed', (request) => {
    if (request.url().startsWith(url)) stopped.push(request.failure()?.errorText ?? '')
  })
  await page.goto(`http://${hostAddress(scene.lab, site)}:${foreignPort}/`)
  await page.waitForFunction("document.title.startsWith('done')")
  const read = (await page.title()).slice('done'.length).trim()
  const framed = await page
    .frames()
    .at(-1)!
    .evaluate('document.body.innerText')
    .catch(() => '')
  await context.close()
  const isFramed = /Causeway|Overview|All is well/.test(String(framed))
  const blocked = stopped.filter((text) => text.startsWith('net::ERR_'))
  const how = [...new Set(blocked)].join(' ').replaceAll('net::', '')
  return claim(
    title,
    !isFramed && read === '' && blocked.length >= tries,
    `${isFramed ? 'framed' : 'no frame'}, ${read === '' ? 'nothing read' : `read ${read.slice(0, 60)}`}, ${blocked.length} stopped: ${how}`,
    `no frame, nothing read, ${tries} stopped`,
  )
}

/** A page of another host, for the browser. */
async function startSite({ lab }: Scene, html: string): Promise<AsyncDisposable> {
  const script = `
    require('node:http').createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(process.argv[1]))
      .listen(${foreignPort}, () => console.log('listening'))`
  const program = lab.spawn(desk, [process.execPath, '-e', script, html])
  await program.line((line) => line === 'listening', 10_000)
  return program
}

/** As after DNS rebinding: the name of another site is that of the box's address. */
export async function foreignNameInBrowser(
  scene: Scene,
  title: string,
  fault: string | undefined,
): Promise<Check> {
  const { lab, address } = scene
  const rule = `--host-resolver-rules=MAP ${foreignName} ${address}`
  await using browser = await openBrowser(lab.netns(desk), [rule])
  const { page } = await openPage(browser, 'desktop', 'light')
  const name = fault === 'own-page' ? address : foreignName
  const answer = await page.goto(`https://${name}/`)
  const status = answer?.status() ?? 0
  return claim(title, status === 421, `HTTP ${status}`, 'HTTP 421')
}
