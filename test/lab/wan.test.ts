/**
 * Emulated WAN links with real packets: each impairment is done to what goes one way, as much as was asked for, and the
 * moment of each change is known. The boxes are plain hosts here, without Causeway. Needs root.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as passed } from 'node:timers/promises'
import { bare, describeManyLinks } from './description.ts'
import type { FlowAccount } from './gaps.ts'
import { type Lab, openLab } from './lab.ts'
import { ip } from './network.ts'
import { type Pace, type PaceReport, startPace } from './pace.ts'
import { until } from './until.ts'
import { burstsOf, nowNs, type Wan, type WanWay } from './wan.ts'

/** What this machine may be away for, all of it. */
const stallMs = 15
const msNs = 1e6

let lab: Lab
let wan: Wan

before(async () => {
  lab = await openLab(describeManyLinks({ uplinks: 1, isV6: true }))
  wan = lab.wan('berlin', 'wan0')
  for (const site of lab.sites) {
    const { nic, address, gateway, v6 } = site.wan
    await ip(lab.netns(site.name), [
      `address add ${address} dev ${nic}`,
      `address add ${v6!.address} dev ${nic} nodad`,
      `route add default via ${bare(gateway)}`,
      `route add ::/0 via ${bare(v6!.gateway)}`,
    ])
  }
})
beforeEach(async () => void (await wan.clear()))
after(async () => await lab?.[Symbol.asyncDispose]())

function addressOf(site: number, family: 4 | 6 = 4): string {
  const { address, v6 } = lab.sites[site]!.wan
  return bare(family === 4 ? address : v6!.address)
}

/** Paced flows on their way through berlin's link, in one direction. */
async function start(way: WanWay, pace: Pace) {
  const [from, to] = way === 'up' ? ['berlin', 'lisbon'] : ['lisbon', 'berlin']
  const flows = await startPace(lab, from!, to!, addressOf(way === 'up' ? 1 : 0), pace)
  await flows.heard()
  return flows
}

/** What came of a flow after so long. */
async function send(way: WanWay, pace: Pace, ms: number): Promise<FlowAccount> {
  await using flows = await start(way, pace)
  await passed(ms)
  const report = await flows.finish()
  assert.equal(report.missed + report.refused, 0)
  return report.flows[0]!
}

async function ping(to: string, ...options: string[]) {
  return lab.attempt('berlin', ['ping', '-n', '-c', '1', '-W', '1', ...options, to])
}

/** Whether a count is one that this share of `of` gives: within six standard deviations. */
function assertLikely(count: number, of: number, share: number): void {
  const off = Math.abs(count - of * share)
  assert.ok(off <= 6 * Math.sqrt(of * share * (1 - share)), `${count} of ${of}, not ${share}`)
}

test('at first it is a wire, for both families and what they need', async () => {
  for (const family of [4, 6] as const) {
    const { code, stdout } = await ping(addressOf(1, family))
    assert.equal(code, 0, stdout)
  }
  const { lost, delayMs } = await send('up', { ratePps: 1000 }, 500)
  assert.equal(lost, 0)
  assert.ok(delayMs!.median < 1, JSON.stringify(delayMs))
})

test('each direction has its own delay, right within a millisecond', async () => {
  await wan.set('up', { delayMs: 20 })
  await wan.set('down', { delayMs: 50 })
  const [up, down] = await Promise.all([
    send('up', { ratePps: 1000 }, 1_500),
    send('down', { ratePps: 1000, port: 9101 }, 1_500),
  ])
  for (const [account, ms] of [
    [up, 20],
    [down, 50],
  ] as const) {
    const { least, median } = account.delayMs!
    assert.ok(least >= ms && median < ms + 1, `${ms} ms: ${JSON.stringify(account.delayMs)}`)
    assert.deepEqual([account.lost, account.reordered], [0, 0])
  }
})

test('jitter keeps the order, unless it may not', async () => {
  await wan.set('up', { delayMs: 5, jitterMs: 10 })
  const kept = await send('up', { ratePps: 1000 }, 1_000)
  assert.equal(kept.reordered, 0)
  await wan.set('up', { mayReorder: true })
  const mixed = await send('up', { ratePps: 1000 }, 1_000)
  assert.ok(mixed.reordered > mixed.sent / 4, `${mixed.reordered} of ${mixed.sent}`)
  const { least, median } = mixed.delayMs!
  assert.ok(least >= 5 && least < 7 && median > 8 && median < 13, JSON.stringify(mixed.delayMs))
})

test('what is lost, doubled and reordered is counted, and happens in one direction', async () => {
  const before = await wan.read()
  await wan.set('up', {
    lossPpm: 50_000,
    bursts: burstsOf(50_000, 10),
    duplicatePpm: 30_000,
    reorder: { ppm: 20_000, byMs: 4 },
  })
  const [up, down] = await Promise.all([
    send('up', { ratePps: 4000 }, 2_000),
    send('down', { ratePps: 1000, port: 9101 }, 1_000),
  ])
  const now = await wan.read()
  const grew = (key: keyof typeof now.up): number => now.up[key] - before.up[key]
  assertCounted(up.lost, grew('random') + grew('burst'))
  assertCounted(up.doubled, grew('doubled'))
  assertLikely(grew('random'), up.sent, 0.05)
  assertLikely(up.doubled, up.received, 0.03)
  assertLikely(up.reordered, up.received, 0.02)
  assert.ok(grew('burst') > up.sent * 0.02 && grew('burst') < up.sent * 0.1)
  assert.ok(up.lossRuns[0]!.count > 15, `the longest burst is ${up.lossRuns[0]!.count}`)
  assert.deepEqual([down.lost, down.doubled, down.reordered], [0, 0, 0])
  const { entered, left, inFlight, cut, tooLarge, burst, random, queue } = now.up
  const lost = cut + tooLarge + burst + random + queue
  assert.equal(entered + now.up.doubled, left + inFlight + lost)
})

/** ARP and its like are in the link's count alone. */
function assertCounted(count: number, ofLink: number): void {
  assert.ok(count <= ofLink && count >= ofLink - 10, `${count}, of the link ${ofLink}`)
}

test('a cut takes what comes after it, to the packet; what is on its way arrives', async () => {
  await wan.set('both', { delayMs: 30 })
  await using up = await start('up', { ratePps: 1000 })
  await using down = await start('down', { ratePps: 1000, port: 9101 })
  await passed(300)
  const cutNs = await wan.cut('up')
  await passed(400)
  const mendedNs = await wan.mend('up')
  await passed(300)
  const report = await up.finish()
  const [run, ...others] = report.flows[0]!.lossRuns
  assert.deepEqual(others, [])
  assertOutage(report, cutNs, mendedNs)
  assert.ok(Math.abs(run!.sentNs - cutNs) < stallMs * msNs, `${(run!.sentNs - cutNs) / msNs} ms`)
  const other = await down.finish()
  assert.equal(other.missed + other.refused, 0)
  const { lost, lossRuns } = other.flows[0]!
  assert.equal(lost, 0, JSON.stringify({ cutNs, mendedNs, lossRuns }))
})

/** The longest gap began 30 ms after the cut, and ended as much after the mend. */
function assertOutage({ flows: [flow] }: PaceReport, cutNs: number, mendedNs: number): void {
  const gap = flow!.gaps.find(({ lost }) => lost > 0)!
  const beganMs = (gap.beganNs - cutNs) / msNs
  const endedMs = (gap.endedNs - mendedNs) / msNs
  assert.ok(beganMs > 30 - stallMs && beganMs < 30 + stallMs, `began after ${beganMs} ms`)
  assert.ok(endedMs >= 30 && endedMs < 30 + stallMs, `ended after ${endedMs} ms`)
  const expected = (mendedNs - cutNs) / msNs
  assert.ok(Math.abs(gap.lost - expected) < stallMs, `${gap.lost} lost in ${expected} ms`)
}

test('a flapping link is up and down by the clock', async () => {
  await using up = await start('up', { ratePps: 1000 })
  const setNs = await wan.set('up', { flap: { periodMs: 200, upMs: 120 } })
  await passed(900)
  await wan.mend('up')
  await passed(100)
  const runs = (await up.finish()).flows[0]!.lossRuns.filter(({ count }) => count > 1)
  assert.ok(runs.length >= 4, `${runs.length} outages`)
  for (const { sentNs, ms } of runs.slice(0, 4)) {
    const phaseMs = ((sentNs - setNs) / msNs) % 200
    assert.ok(Math.abs(phaseMs - 120) < stallMs, `began at ${phaseMs} ms of 200`)
    assert.ok(Math.abs(ms - 80) < stallMs, `for ${ms} ms`)
  }
})

test('a rate is kept, with a queue of the length that was asked for', async () => {
  await wan.set('up', { rateBps: 4_000_000, queueMs: 50 })
  const before = await wan.read()
  // Twice as much: 1,042 bytes a frame.
  const { sent, received, delayMs } = await send('up', { ratePps: 960, bytes: 1000 }, 2_000)
  const now = await wan.read()
  const seconds = sent / 960
  const rateBps = ((now.up.leftBytes - before.up.leftBytes) * 8) / seconds
  assert.ok(rateBps > 3_700_000 && rateBps < 4_300_000, `${rateBps} bit/s`)
  assert.equal(now.up.queue - before.up.queue, sent - received)
  assert.ok(delayMs!.median > 44 && delayMs!.median < 52, JSON.stringify(delayMs))
})

test('what is larger than the MTU disappears, or is answered', async () => {
  for (const family of [4, 6] as const) {
    const to = addressOf(1, family)
    await wan.clear('both', { mtuBytes: 1400 })
    const headers = family === 4 ? 28 : 48
    const fits = await ping(to, '-M', 'do', '-s', String(1400 - headers))
    assert.equal(fits.code, 0, fits.stdout)
    const silent = await ping(to, '-M', 'do', '-s', String(1401 - headers))
    assert.deepEqual([silent.code, /From/.test(silent.stdout)], [1, false])
    await wan.set('up', { answersTooBig: true })
    const told = await ping(to, '-M', 'do', '-s', String(1401 - headers))
    assert.match(told.stdout, /Frag needed and DF set \(mtu = 1400\)|Packet too big: mtu=1400/)
  }
  const { up } = await wan.read()
  assert.deepEqual([up.tooLarge, up.answered], [4, 2])
  for (const family of ['-4', '-6']) {
    await lab.exec('berlin', ['ip', family, 'route', 'flush', 'cache'])
  }
})

test('TCP goes through in frames, however its host would cut it', async () => {
  await using server = lab.spawn('lisbon', ['iperf3', '-s', '-1', '--forceflush'])
  await server.line((line) => line.includes('listening'), 10_000)
  const argv = ['iperf3', '-c', addressOf(1), '-n', '30M', '--json']
  const text = await lab.exec('berlin', argv, { timeoutMs: 30_000 })
  assert.ok(JSON.parse(text).end.sum_sent.bytes >= 30_000_000)
  const { up, down } = await wan.read()
  assert.deepEqual([up.train, down.train, up.missed], [0, 0, 0])
  assert.ok(up.enteredBytes / up.entered < 1515)
})

test('it carries 100 Mbit/s each way without loss', async () => {
  await wan.set('both', { delayMs: 20 })
  const pace = { ratePps: 8_500, bytes: 1472 }
  const accounts = await Promise.all([
    send('up', pace, 1_500),
    send('down', { ...pace, port: 9101 }, 1_500),
  ])
  for (const { sent, received, delayMs } of accounts) {
    assert.equal(received, sent)
    assert.ok(delayMs!.median < 21, JSON.stringify(delayMs))
  }
})

test('a NIC that goes down loses what should leave by it, and comes back', async () => {
  await ip(lab.netns('wan'), ['link set berlin-net down'])
  assert.equal((await ping(addressOf(1))).code, 1)
  assert.ok((await wan.read()).up.refused > 0)
  await ip(lab.netns('wan'), ['link set berlin-net up'])
  // Its far end hears of it within a second or so: an ARP request of before is lost.
  await until('a packet passes again', async () => (await ping(addressOf(1))).code === 0)
})

test('a link that stands says for how long it kept a frame, and only once', async () => {
  const standMs = 300
  await using _ = await start('up', { ratePps: 1000 })
  await wan.read()
  process.kill(wan.pid, 'SIGSTOP')
  await passed(standMs)
  process.kill(wan.pid, 'SIGCONT')
  const lateMs = (await wan.read()).up.lateNs / msNs
  assert.ok(lateMs > 0.8 * standMs, `${lateMs} ms`)
  const then = await wan.read()
  assert.ok(then.up.lateNs < lateMs * msNs, `${then.up.lateNs} ns`)
})

test('a setting that is none is refused by name', async () => {
  await assert.rejects(wan.set('up', { lossPpm: 2_000_000 }), /refuses loss_ppm=2000000/)
  assert.ok(Math.abs((await wan.read()).atNs - nowNs()) < 1e9)
})
