/** The page of a real gateway by real HTTPS: signed in from its LAN by the code of its shell, and refused from the Internet. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse, stringify } from 'yaml'
import { bare, describeSites } from './description.ts'
import { awaitReachable, patiently } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'

const causeway = join(import.meta.dirname, '../../build/causeway')
const password = 'correct horse battery'

interface Asked {
  readonly post?: object
  readonly csrf?: string
  readonly cookie?: string
  /** It may not listen yet: that it does now, it tells nobody. */
  readonly isAwaited?: boolean
}

/** @returns status, null where nobody answers, and what came with it */
async function ask(lab: Lab, where: string, url: string, asked: Asked = {}) {
  const { post, csrf, cookie, isAwaited = false } = asked
  const argv = [
    ...['curl', '-ski', '--max-time', '5', url],
    ...(isAwaited ? patiently : []),
    ...(post === undefined ? [] : ['-H', 'content-type: application/json', '--data', '@-']),
    ...(csrf === undefined ? [] : ['-H', `x-causeway-csrf: ${csrf}`]),
    ...(cookie === undefined ? [] : ['-H', `cookie: ${cookie}`]),
  ]
  const input = post === undefined ? undefined : JSON.stringify(post)
  const { stdout } = await lab.attempt(where, argv, { input, timeoutMs: 40_000 })
  // Of what was asked again, the last.
  const last = stdout.slice(Math.max(0, stdout.lastIndexOf('HTTP/1.1 ')))
  const [headers = '', body = ''] = last.split('\r\n\r\n')
  const [, status = null] = /^HTTP\/1.1 (\d{3})/.exec(headers) ?? []
  const [, set = ''] = /^set-cookie: ([^;\r]+)/im.exec(headers) ?? []
  const json = body.startsWith('{') ? (JSON.parse(body) as Record<string, unknown>) : {}
  return { status, json, cookie: set, headers }
}

test('who has the code of the shell signs in from the LAN; the Internet gets no answer', async () => {
  await using lab = await openLab(describeSites(2))
  await lab.start()
  await awaitReachable(lab, 'berlin', 'lisbon')
  const instance = lab.names.instance('berlin')
  const config = parse(readFileSync(`/etc/causeway/${instance}/device.yaml`, 'utf8'))
  const cli = (argv: readonly string[], input?: string) =>
    lab.attempt('berlin', [causeway, ...argv, '--instance', instance], { input, timeoutMs: 60_000 })
  // Without a word of `api`.
  config.revision++
  for (const segment of config.segments) segment.admin = true
  const file = `/run/causeway/${instance}/new.yaml`
  writeFileSync(file, stringify(config))
  const applied = await cli(['config', 'apply', file, '--confirm-seconds', '0'])
  assert.equal(applied.code, 0, applied.stderr)

  const { lan, wan } = lab.sites.find(({ name }) => name === 'berlin')!
  const page = `https://${bare(lan.address)}`
  const from = (path: string, asked?: Asked) =>
    ask(lab, 'berlin-host', `${page}/api/v1/${path}`, asked)
  // The page is served as soon as its certificate is made.
  const before = await from('session', { isAwaited: true })
  assert.deepEqual(
    [before.status, before.json.isFirst, before.json.needsSetupCode],
    ['200', true, true],
  )
  assert.match(before.headers, /content-security-policy: default-src 'none'/)
  assert.equal((await from('status')).status, '401')
  const first = { name: 'ada', password }
  assert.equal((await from('first-password', { post: first })).status, '403')
  const printed = await cli(['user', 'setup-code', '--json'])
  const { code } = JSON.parse(printed.stdout) as { code: string }
  const made = await from('first-password', { post: { ...first, code } })
  assert.equal(made.status, '200', JSON.stringify(made.json))
  const as = { cookie: made.cookie, csrf: String(made.json.csrf) }
  assert.equal((await from('status', as)).status, '200')
  const other = { name: 'bob', role: 'viewer', password }
  assert.equal((await from('users', { post: other, cookie: as.cookie })).status, '403', 'no token')
  assert.equal((await from('users', { ...as, post: other })).status, '200')
  const listed = await cli(['user', 'list'])
  assert.match(listed.stdout, /ada +admin[\s\S]*bob +viewer/)
  const changed = await cli(['user', 'password', 'bob'], 'another long password\n')
  assert.equal(changed.code, 0, changed.stderr)
  const bob = { name: 'bob', password: 'another long password' }
  assert.equal((await from('sign-in', { post: bob })).status, '200')

  // By the far end of the overlay too, which is the same segment; by plain HTTP only on to HTTPS.
  assert.equal((await ask(lab, 'lisbon-host', `${page}/api/v1/session`)).status, '200')
  const plain = await ask(lab, 'berlin-host', `http://${bare(lan.address)}/`)
  assert.match(plain.headers, /^HTTP\/1.1 307 [\s\S]*location: https:/i)
  // The Internet, at the address of the uplink, and at that of the LAN with a route to it.
  await lab.attempt('internet', [
    'ip',
    'route',
    'add',
    `${bare(lan.address)}/32`,
    'via',
    bare(wan.address),
  ])
  for (const address of [bare(wan.address), bare(lan.address)]) {
    for (const scheme of ['https', 'http']) {
      const answer = await ask(lab, 'internet', `${scheme}://${address}/api/v1/session`)
      assert.equal(answer.status, null, `${scheme}://${address} answers the Internet`)
    }
  }
  // Who is signed in stays so over a restart.
  await lab.processes.get('berlin')!.gateway.stop('SIGKILL')
  await lab.restart('berlin', 'gateway')
  const again = await from('session', { ...as, isAwaited: true })
  assert.deepEqual(again.json.user, { name: 'ada', role: 'admin' })
})
