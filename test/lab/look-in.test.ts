/** What `npm start` says about a running lab is so: each command works as it stands, each path and pid is there. Needs root. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { run } from './command.ts'
import { describeShown } from './description.ts'
import { startClaimed } from './desk.ts'
import { awaitReachable, startServers } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import { lookIn } from './look-in.ts'
import { recordFolder } from './machine.ts'
import { openPageDoors } from './page-door.ts'

let lab: Lab
let lines: string[]

before(async () => {
  lab = await openLab(describeShown(2), { logFolder: recordFolder })
  await startClaimed(lab)
  await startServers(lab)
  for (const [from, to] of [
    ['berlin', 'lisbon'],
    ['berlin-cameras', 'lisbon-cameras'],
  ] as const) {
    for (const family of [4, 6] as const) await awaitReachable(lab, from, to, family)
  }
  lines = lookIn(lab).split('\n')
})
after(async () => await lab?.[Symbol.asyncDispose]())

test('every command works as it is pasted', async () => {
  const commands = lines.filter((line) => line.includes('  # '))
  assert.equal(commands.length, 14)
  for (const command of commands) {
    // Those that go on until somebody ends them end after one packet here.
    await run(['sh', '-c', command.replace(/ (ping|tcpdump) /, ' $1 -c 1 ')])
  }
})

test('each site is told with the namespace and the pids of its processes', () => {
  for (const { name } of lab.sites) {
    const row = lines.find((line) => line.startsWith(`  ${name} `))
    const [, namespace, gateway, datapath] = row!.trim().split(/ +/)
    for (const [role, pid] of Object.entries({ gateway, datapath })) {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      assert.ok(words.includes(role) && words.includes(lab.names.instance(name)), words.join(' '))
      const { ino } = statSync(`/run/netns/${namespace}`)
      assert.equal(readlinkSync(`/proc/${pid}/ns/net`), `net:[${ino}]`)
    }
  }
})

test('config, socket and logs of each site are where it says', () => {
  const paths = lines.flatMap((line) => line.match(/\/[^ ,]*SITE[^ ,]*/g) ?? [])
  assert.equal(paths.length, 4)
  for (const { name } of lab.sites) {
    for (const path of paths) assert.ok(existsSync(path.replace('SITE', name)), path)
  }
})

test('it fits into a screen', () => {
  assert.ok(lines.length <= 24, `${lines.length} lines`)
})

test('the page of each box is where it says, for whoever has the password', async () => {
  await using doors = await openPageDoors(lab)
  const ask = async (url: URL, body?: object) => {
    const headers =
      body === undefined ? {} : { origin: url.origin, 'content-type': 'application/json' }
    const method = body === undefined ? 'GET' : 'POST'
    const asked = request(url, { method, headers, rejectUnauthorized: false })
    asked.end(body === undefined ? undefined : JSON.stringify(body))
    const [answer] = await once(asked, 'response')
    return { status: answer.statusCode as number, body: await text(answer) }
  }
  assert.deepEqual([...doors.urls.keys()], ['berlin', 'lisbon'])
  for (const url of doors.urls.values()) {
    const page = await ask(new URL(url))
    assert.match(page.body, /<title>Causeway/)
    const { user: name, password } = doors
    const signIn = new URL('api/v1/sign-in', url)
    assert.equal((await ask(signIn, { name, password: 'not that one at all' })).status, 401)
    assert.equal((await ask(signIn, { name, password })).status, 200)
  }
})
