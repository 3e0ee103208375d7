/** Which programs are loaded: new ones, those of a new datapath, and those whose ports were made anew. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openProgramLoader, type RecordFile } from '../../../firmware/gateway/program-loader.ts'
import { UplinkNumbers } from '../../../firmware/gateway/uplink-numbers.ts'
import type { Datapath } from '../../../firmware/host/datapath/datapath.ts'
import { type FakeDatapath, fakeDatapath } from '../../../firmware/host/datapath/fake.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { Program } from '../../../firmware/model/program.ts'
import { defaultPolicy } from '../../../firmware/plan/policy.ts'
import { createWorld } from '../../sim/session-world.ts'

const program: Program = {
  generation: 0,
  mac1Keys: [],
  ports: [],
  segments: [],
  isTransit: false,
  peers: [],
  routes: [],
  acl: [],
  policies: [defaultPolicy],
  paths: [],
  matches: [],
}

function datapathOf(bootId: string): FakeDatapath {
  const { clock, network } = createWorld(1)
  return fakeDatapath({ clock, network, local: { address: '192.0.2.1', port: 1 }, bootId })
}

const generationOf = async (datapath: FakeDatapath): Promise<number> =>
  (await datapath.counters()).generation

function memoryFile(): RecordFile {
  let content: string | null = null
  return {
    read: async () => content,
    write: async (text) => {
      content = text
    },
    remove: async () => {
      content = null
    },
  }
}

const silent = { warn: () => {} }
const unheard = new UplinkNumbers()

test('a program that runs is not loaded again, by this gateway or the next', async () => {
  const file = memoryFile()
  const datapath = datapathOf('a')
  const loader = openProgramLoader(file, silent, unheard)
  await loader.load(datapath, program)
  await loader.load(datapath, program)
  await openProgramLoader(file, silent, unheard).load(datapath, program)
  assert.equal(await generationOf(datapath), 1)
  const reborn = datapathOf('b')
  await loader.load(reborn, program)
  assert.equal(await generationOf(reborn), 1)
})

test('what is forgotten is loaded again, by this gateway or the next', async () => {
  const file = memoryFile()
  const datapath = datapathOf('a')
  const loader = openProgramLoader(file, silent, unheard)
  await loader.load(datapath, program)
  await loader.forget()
  await openProgramLoader(file, silent, unheard).load(datapath, program)
  assert.equal(await generationOf(datapath), 2)
  await loader.forget()
  await loader.load(datapath, program)
  assert.equal(await generationOf(datapath), 3)
})

test('a record that cannot be written is said and costs one load of the next gateway', async () => {
  const full: RecordFile = {
    ...memoryFile(),
    write: async () => {
      throw new CausewayError('STORE_WRITE_FAILED', 'disk full')
    },
  }
  const said: unknown[] = []
  const datapath = datapathOf('a')
  const loader = openProgramLoader(full, { warn: (fields) => said.push(fields.code) }, unheard)
  await loader.load(datapath, program)
  await loader.load(datapath, program)
  assert.equal(await generationOf(datapath), 1)
  assert.deepEqual(said, ['STORE_WRITE_FAILED'])
  await openProgramLoader(full, silent, unheard).load(datapath, program)
  assert.equal(await generationOf(datapath), 2)
})

test('a program whose NIC went and came back is loaded again', async () => {
  const datapath = datapathOf('a')
  const loader = openProgramLoader(memoryFile(), silent, unheard)
  await loader.load(datapath, program)
  const gone: Datapath = {
    ...datapath,
    counters: async () => ({ ...(await datapath.counters()), ports: [port] }),
  }
  await loader.load(gone, program)
  assert.equal(await generationOf(datapath), 2)
})

const sides = { rxPackets: 0, rxBytes: 0, rxBuffers: 0, txPackets: 0, txBytes: 0, txBuffers: 0 }
const port = { twin: 'lan0', isUp: false, isGone: true, downs: 0, ...sides }
