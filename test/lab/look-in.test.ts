/** What `npm start` says about a running lab is so: each command works as it stands, each path and pid is there. Needs root. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { run } from './command.ts'
import { describeShown } from './description.ts'
import { startClaimed } from './desk.ts'
import { awaitReachable, startServers } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import { lookIn } from './look-in.ts'
import { recordFolder } from './machine.ts'

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
