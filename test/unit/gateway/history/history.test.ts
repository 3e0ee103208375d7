/** What is kept of each second: folded, across gaps, jumps of the clock, restarts, power cuts and full disks; bounded. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { History } from '../../../../firmware/gateway/history/history.ts'
import type { LogFields } from '../../../../firmware/host/system/log.ts'
import type { LiveFigures } from '../../../../firmware/model/local-api-history.ts'
import { type MemoryDisk, memoryDisk } from './memory-disk.ts'

const startMs = Date.UTC(2026, 5, 1, 12, 0, 0)

/** A box that goes on in seconds. */
function begin(disk: MemoryDisk = memoryDisk()) {
  const at = { nowMs: 5_000, wallMs: startMs }
  const lines: string[] = []
  const say = (_: LogFields, message: string): void => void lines.push(message)
  const open = (): History =>
    new History({
      clock: { nowMs: () => at.nowMs },
      wallMs: () => at.wallMs,
      log: { info: say, warn: say, error: say },
      ...{ folder: '/history', disk },
    })
  const box = {
    ...{ at, disk, lines, open },
    history: open(),
    /** @param of figures of the second */
    run: async (seconds: number, of: (second: number) => Partial<LiveFigures> = () => ({})) => {
      for (let second = 0; second < seconds; second++) {
        box.history.take({ uplinks: [live('wan0', of(second))], peers: [], isHealthy: true })
        at.nowMs += 1_000
        at.wallMs += 1_000
        if (second % 60 === 0) await new Promise(setImmediate)
      }
      await new Promise(setImmediate)
    },
    /** @param isCut nothing is said before */
    restart: async (awayMs: number, isCut = false) => {
      if (!isCut) await box.history[Symbol.asyncDispose]()
      at.wallMs += awayMs
      at.nowMs = 1_000
      box.history = open()
    },
  }
  return box
}

function live(name: string, figures: Partial<LiveFigures> = {}): LiveFigures {
  return {
    ...{ name, isUp: true, rxBitsPerSecond: 1e6, txBitsPerSecond: 2e5 },
    ...{ lossRatio: 0, latencySeconds: 0.01, jitterSeconds: 0.001, ...figures },
  }
}

const known = (column: readonly (number | null)[]): number =>
  column.filter((value) => value !== null).length

test('seconds are folded to their mean, least and greatest', async () => {
  const box = begin()
  await box.run(60, (second) => ({ rxBitsPerSecond: second * 1e6, isUp: second % 10 !== 0 }))
  const { figures, points, stepSeconds, beginSeconds } = await box.history.ofName(
    ...(['uplink', 'wan0', 'hour'] as const),
  )
  assert.deepEqual([points, stepSeconds], [360, 10])
  assert.equal(beginSeconds + 360 * 10, startMs / 1000 + 70, 'the step under way is the last')
  const { mean, min, max } = figures.rxBitsPerSecond
  assert.equal(known(mean), 6)
  assert.deepEqual([mean[353], min[353], max[353]], [4.5e6, 0, 9e6])
  assert.deepEqual([mean[358], min[358], max[358]], [54.5e6, 50e6, 59e6])
  assert.equal(figures.upRatio.mean[358], 0.9)
  assert.equal(mean[352], null)
})

test('an answer has at most 400 points, whatever is asked for; what nobody has is 404', async () => {
  const box = begin()
  await box.run(1_300)
  const expected = { minutes: 299, hour: 130, day: 5, week: 1, month: 1 }
  for (const [span, count] of Object.entries(expected)) {
    const { points, figures } = await box.history.ofName('uplink', 'wan0', span)
    assert.ok(points <= 400)
    assert.equal(figures.latencySeconds.max.length, points)
    assert.equal(known(figures.latencySeconds.max), count, span)
  }
  const nobody = box.history.ofName('peer', 'wan0', 'hour')
  await assert.rejects(nobody, { code: 'API_NOT_FOUND' })
  const { figures } = await box.history.ofBox('minutes')
  assert.equal(figures.healthyRatio.min.at(-2), 1)
})

test('what was written is there after a restart; the time between is a gap', async () => {
  const box = begin()
  await box.run(600)
  await box.restart(600_000)
  await box.run(600)
  const { mean } = (await box.history.ofName('uplink', 'wan0', 'hour')).figures.lossRatio
  assert.deepEqual(
    mean
      .slice(-181)
      .map((value) => (value === null ? '.' : '#'))
      .join(''),
    `${'#'.repeat(60)}${'.'.repeat(60)}${'#'.repeat(60)}.`,
  )
})

test('a power cut costs what was not written: a minute of tens of seconds, five of the others', async () => {
  const box = begin()
  await box.run(655)
  await box.restart(0, true)
  const hour = await box.history.ofName('uplink', 'wan0', 'hour')
  assert.equal(known(hour.figures.upRatio.mean), 60)
  const day = await box.history.ofName('uplink', 'wan0', 'day')
  assert.equal(known(day.figures.upRatio.mean), 2)
})

test('a step of which two gateways knew a part is folded of both', async () => {
  const box = begin()
  await box.run(100, () => ({ rxBitsPerSecond: 1e6 }))
  await box.restart(0)
  await box.run(100, () => ({ rxBitsPerSecond: 3e6 }))
  const { mean, min, max } = (await box.history.ofName('uplink', 'wan0', 'day')).figures
    .rxBitsPerSecond
  assert.equal(known(mean), 1)
  const near = (value: number | null | undefined) => Math.round((value ?? Number.NaN) / 1e4) / 100
  assert.deepEqual(
    [mean, min, max].map((column) => near(column.at(-1))),
    [2, 1, 3],
  )
})

test('the clock may jump forward or back: nothing is lost of the last minutes, nothing hangs', async () => {
  const box = begin()
  await box.run(100, () => ({ latencySeconds: 0.01 }))
  box.at.wallMs += 3 * 86_400_000
  await box.run(100, () => ({ latencySeconds: 0.02 }))
  const minutes = await box.history.ofName('uplink', 'wan0', 'minutes')
  assert.equal(known(minutes.figures.latencySeconds.mean), 100, 'all 200 s, by the clock that runs')
  const week = await box.history.ofName('uplink', 'wan0', 'week')
  assert.equal(known(week.figures.latencySeconds.mean), 2)
  box.at.wallMs -= 3 * 86_400_000 + 200_000
  await box.run(100, () => ({ latencySeconds: 0.03 }))
  const hour = await box.history.ofName('uplink', 'wan0', 'hour')
  const { min, max } = hour.figures.latencySeconds
  assert.equal(known(min), 10, 'what the wrong clock dated lies outside')
  assert.deepEqual([min.at(-2), max.at(-2)], [0.01, 0.03])
})

test('an hour of before can be asked for', async () => {
  const box = begin()
  await box.run(3_600, () => ({ lossRatio: 0.5 }))
  await box.run(3_600, () => ({ lossRatio: 0.25 }))
  const ago = async (span: string) =>
    (await box.history.ofName('uplink', 'wan0', span)).figures.lossRatio.mean.slice(1, -1)
  assert.ok((await ago('hour')).every((value) => value === 0.25))
  assert.ok((await ago('hour-1')).every((value) => value === 0.5))
})

test('a full disk costs the past and is told once; later history goes on', async () => {
  const box = begin()
  await box.run(120)
  box.disk.leftBytes = 5
  await box.run(1_200)
  assert.deepEqual(box.lines, ['history not written'])
  assert.equal(
    known((await box.history.ofName('uplink', 'wan0', 'minutes')).figures.upRatio.mean),
    299,
  )
  box.disk.leftBytes = Number.POSITIVE_INFINITY
  await box.run(120)
  assert.deepEqual(box.lines, ['history not written', 'history is written again'])
  const hour = await box.history.ofName('uplink', 'wan0', 'hour')
  // Ten minutes wait for the disk, what is older is gone.
  const count = known(hour.figures.upRatio.mean)
  assert.ok(count >= 6 + 60 + 12 && count <= 6 + 60 + 14, `${count}`)
})

test('writes are few and small', async () => {
  const box = begin()
  await box.run(3_600, (second) => ({ rxBitsPerSecond: 1e6 + second * 7_919, lossRatio: null }))
  assert.ok(box.disk.appends <= 73, `${box.disk.appends}`)
  assert.ok(box.disk.bytes() < 30_000, `${box.disk.bytes()} bytes an hour`)
})

test('of many names the first 128 have a history, and the disk stays below its limit', async () => {
  const box = begin()
  const peers = (second: number) =>
    Array.from({ length: 300 }, (_, index) =>
      live(`peer-${index}`, { rxBitsPerSecond: (index + 1) * (second + 1) * 7_919 }),
    )
  for (let minute = 0; minute < 30 * 60; minute++) {
    box.history.take({ uplinks: [live('wan0')], peers: peers(minute), isHealthy: null })
    box.at.nowMs += 10_000
    box.at.wallMs += 10_000
    if (minute % 3 === 0) await new Promise(setImmediate)
  }
  await box.history.ofName('peer', 'peer-126', 'hour')
  await assert.rejects(box.history.ofName('peer', 'peer-127', 'hour'), { code: 'API_NOT_FOUND' })
  assert.ok(box.disk.bytes() < 17e6, `${box.disk.bytes()}`)
})
