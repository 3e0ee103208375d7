/** What the datapath is told of classes, marks and limits: of the whole sample, and where nothing is said. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { compile } from '../../../firmware/plan/compile.ts'
import { sampleConfig, sampleNics, wholeConfig } from '../model/sample-config.ts'

const facts = { mac1Keys: [], nicNetns: 'n', nics: sampleNics, leases: [], withheld: [] }
const programOf = (config: unknown) => compile(config as DeviceConfig, facts).program
const portOf = (config: unknown, name: string) =>
  programOf(config).ports.find(({ twin }) => twin === name)!

test('an uplink has the shares of its profile, its marks and its part of what comes from the Internet', () => {
  const { classes, marks, internetPercent } = portOf(wholeConfig(), 'wan0')
  assert.deepEqual(classes, [
    { weight: 60, capPercent: 70 },
    { weight: 60, capPercent: 0 },
    { weight: 30, capPercent: 0 },
    { weight: 10, capPercent: 0 },
  ])
  assert.deepEqual([marks, internetPercent], ['copy', 90])
})

test('one without a word is balanced, marks by class, and takes 80 % from the Internet', () => {
  const { classes, marks, internetPercent } = portOf(sampleConfig(), 'wan0')
  assert.deepEqual(
    classes.map(({ weight }) => weight),
    [50, 50, 30, 20],
  )
  assert.deepEqual([marks, internetPercent], ['class', 80])
})

test('a profile takes the place of the built-in one of its name, also of the default', () => {
  const config = sampleConfig()
  config.uplinks[1].profile = 'bulk-last'
  config.profiles = ['balanced', 'bulk-last'].map((name, at) => ({
    ...{ name, voice: 1 + at, business: 3, normal: 2, bulk: 1 },
  }))
  const caps = ['wan0', 'lte0'].map((name) => portOf(config, name).classes[0]!.capPercent)
  assert.deepEqual(caps, [1, 2])
})

test('limits of segments and peers are bits a second; none is 0', () => {
  const { segments, peers } = programOf(wholeConfig())
  assert.deepEqual(
    segments.map(({ upBps, downBps }) => [upBps, downBps]),
    [
      [0, 0],
      [4e6, 2e7],
    ],
  )
  assert.deepEqual(
    peers.map(({ limitBps }) => limitBps),
    [0, 3e7],
  )
})
