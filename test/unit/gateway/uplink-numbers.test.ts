/** Whose number is whose around a load: before it, while nobody knows, after it, and when it is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openProgramLoader } from '../../../firmware/gateway/program-loader.ts'
import { UplinkNumbers } from '../../../firmware/gateway/uplink-numbers.ts'
import { fakeDatapath } from '../../../firmware/host/datapath/fake.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { Program } from '../../../firmware/model/program.ts'
import { compile } from '../../../firmware/plan/compile.ts'
import { createWorld } from '../../sim/session-world.ts'
import { sampleConfig, sampleNics } from '../model/sample-config.ts'

/** Of a box with wan0 and lte0, or the other way round. */
function programOf(isReversed: boolean): Program {
  const config = sampleConfig() as DeviceConfig
  const uplinks = isReversed ? config.uplinks.toReversed() : config.uplinks
  const facts = { mac1Keys: [], nicNetns: 'n', nics: sampleNics, leases: [], withheld: [] }
  return compile({ ...config, uplinks }, facts).program
}

function open() {
  const { clock, network } = createWorld(1)
  const local = { address: '192.0.2.1', port: 1 }
  const datapath = fakeDatapath({ clock, network, local, bootId: 'a' })
  const numbers = new UplinkNumbers()
  const file = { read: async () => null, write: async () => {}, remove: async () => {} }
  const loader = openProgramLoader(file, { warn: () => {} }, numbers)
  return { datapath, numbers, load: (program: Program) => loader.load(datapath, program) }
}

const namesOf = (numbers: UplinkNumbers, generation: number) =>
  numbers.of(generation)?.map((uplink) => uplink?.name)

test('counters are named by the program that they are of, read before a load or after it', async () => {
  const { numbers, load } = open()
  assert.equal(numbers.running, null)
  await load(programOf(false))
  await load(programOf(true))
  assert.deepEqual(namesOf(numbers, 1), ['wan0', 'lte0'])
  assert.deepEqual(namesOf(numbers, 2), ['lte0', 'wan0'])
  assert.deepEqual(namesOf(numbers, 3), undefined)
  assert.equal(numbers.numberOf('lte0'), 0)
})

test('while a load is under way an uplink that it numbers anew has no number', async () => {
  const { datapath, numbers, load } = open()
  await load(programOf(false))
  const inLoad = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  const loadNow = datapath.load
  datapath.load = async (program) => {
    inLoad.resolve()
    await answered.promise
    await loadNow(program)
  }
  const loaded = load(programOf(true))
  await inLoad.promise
  assert.equal(numbers.numberOf('wan0'), null)
  assert.equal(numbers.nameOf(0), null)
  assert.deepEqual(namesOf(numbers, 2), ['lte0', 'wan0'])
  answered.resolve()
  await loaded
  assert.equal(numbers.numberOf('wan0'), 1)
})

test('a refused program numbers nothing, one that only differs otherwise changes none', async () => {
  const { datapath, numbers, load } = open()
  await load(programOf(false))
  const loadNow = datapath.load
  datapath.load = async () => {
    throw new Error('as the test wants it')
  }
  await assert.rejects(load(programOf(true)))
  assert.equal(numbers.numberOf('wan0'), 0)
  assert.deepEqual(namesOf(numbers, 2), undefined)
  datapath.load = async (program) => {
    assert.equal(numbers.numberOf('wan0'), 0)
    await loadNow(program)
  }
  await load({ ...programOf(false), routes: [] })
  assert.equal(numbers.nameOf(1), 'lte0')
})
