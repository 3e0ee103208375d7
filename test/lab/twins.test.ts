/**
 * The twins outlive the datapath: killed, it leaves them with carrier, addresses and routes, and nobody in the kernel
 * notices; started again, traffic is back. Needs root.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { describeSites } from './description.ts'
import { awaitReachable } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import type { Program } from './program.ts'

let lab: Lab

before(async () => {
  lab = await openLab(describeSites(2))
  await lab.start()
  await awaitReachable(lab, 'berlin', 'lisbon')
})
after(async () => await lab?.[Symbol.asyncDispose]())

/** Flags, addresses and routes of berlin's twins, without what ages. */
async function kernelView(): Promise<string> {
  const links = await lab.exec('berlin', ['ip', '-o', 'addr', 'show', 'group', '203'])
  const flags = await lab.exec('berlin', ['ip', '-o', 'link', 'show', 'group', '203'])
  const routes = await lab.exec('berlin', ['ip', 'route', 'show', 'table', 'all'])
  return [links, flags.replace(/qlen \d+/g, ''), routes].join('\n')
}

/** Changes something of ours until the monitor tells of it. */
async function listens(monitor: Program): Promise<void> {
  const said = monitor.line((line) => line.includes('127.0.0.2'), 10_000)
  for (let change = 0; change < 50 && !monitor.tail.includes('127.0.0.2'); change++) {
    for (const verb of ['add', 'del']) {
      await lab.exec('berlin', ['ip', 'addr', verb, '127.0.0.2/32', 'dev', 'lo'])
    }
    await new Promise((passed) => setTimeout(passed, 100))
  }
  await said
}

test('a datapath that is killed takes no carrier with it, and the kernel sees no change', async () => {
  await using monitor = lab.spawn('berlin', ['ip', 'monitor', 'link', 'address', 'route'])
  await listens(monitor)
  const before = await kernelView()
  assert.match(before, /wan0: <BROADCAST,MULTICAST,UP,LOWER_UP>/)
  await lab.processes.get('berlin')!.datapath.stop('SIGKILL')
  await new Promise((passed) => setTimeout(passed, 1_500))
  assert.equal(await kernelView(), before)
  await lab.restart('berlin', 'datapath')
  await awaitReachable(lab, 'berlin', 'lisbon')
  assert.equal(await kernelView(), before)
  // Of the queues that come and go the kernel tells; of nothing else.
  const seen = monitor.tail.split('\n').filter((line) => /(wan0|lan0|seg-office)/.test(line))
  assert.deepEqual(
    seen.filter((line) => !/^\d+: \S+: <[^>]*,UP,LOWER_UP> .*state UP/.test(line)),
    [],
  )
})

test('a gateway that is killed leaves them to the datapath, and the next one holds them again', async () => {
  await lab.processes.get('berlin')!.gateway.stop('SIGKILL')
  await lab.restart('berlin', 'gateway')
  await lab.processes.get('berlin')!.datapath.stop('SIGKILL')
  await new Promise((passed) => setTimeout(passed, 500))
  assert.match(await lab.exec('berlin', ['ip', '-o', 'link', 'show', 'dev', 'wan0']), /LOWER_UP/)
  await lab.restart('berlin', 'datapath')
  await awaitReachable(lab, 'berlin', 'lisbon')
})

test('both dead: addresses and routes stay, and the traps hold', async () => {
  const { gateway, datapath } = lab.processes.get('berlin')!
  await Promise.all([gateway.stop('SIGKILL'), datapath.stop('SIGKILL')])
  const route = await lab.attempt('berlin', ['ip', 'route', 'get', '10.2.0.10'])
  assert.match(`${route.stdout}${route.stderr}`, /(seg-office|unreachable)/)
  await Promise.all([lab.restart('berlin', 'gateway'), lab.restart('berlin', 'datapath')])
  await awaitReachable(lab, 'berlin', 'lisbon')
})
