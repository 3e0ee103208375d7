/** Ports that share a NIC by VLANs, devices of DPDK's, and addresses of both families, as the plan sees them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDeviceConfig } from '../../../firmware/host/config/parse.ts'
import { fakeNet } from '../../../firmware/host/net/fake.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { compile } from '../../../firmware/plan/compile.ts'
import { diff } from '../../../firmware/plan/diff.ts'
import { recordSizes } from '../../../firmware/wire/datapath.ts'
import { encodeProgram } from '../../../firmware/wire/datapath-program.ts'
import { sampleNics, wholeConfig } from '../model/sample-config.ts'

const facts = {
  mac1Keys: [new Uint8Array(32)],
  nicNetns: 'causeway-test',
  nics: sampleNics,
  leases: [],
  withheld: [],
}

function whole(): DeviceConfig {
  const { config } = parseDeviceConfig(JSON.stringify(wholeConfig()))
  assert.ok(config)
  return config
}

test('tags, kinds and queues reach the datapath, which can be given all of it', () => {
  const { program, absentNics } = compile(whole(), facts)
  assert.deepEqual(absentNics, [])
  const shared = program.ports.map(({ twin, kind, nic, nicNetns, vlan, queues }) => [
    ...[twin, kind, nic, nicNetns, vlan, queues],
  ])
  assert.deepEqual(shared, [
    ['wan0', 'netdev', 'enp1s0', 'causeway-test', 0, 0],
    ['lte0', 'netdev', 'wwan0', 'causeway-test', 0, 0],
    ['wan2', 'pmd', '0000:01:00.0', '', 7, 2],
    ['lan0', 'netdev', 'enp2s0', 'causeway-test', 0, 0],
    ['cams', 'netdev', 'enp3s0', 'causeway-test', 0, 0],
    ['cams2', 'netdev', 'enp3s0', 'causeway-test', 20, 0],
    ['cams3', 'pmd', '0000:01:00.0', '', 8, 2],
  ])
  assert.deepEqual(
    program.acl.map(({ name, protocol }) => [name, protocol]),
    [
      ['nvr', 6],
      ['nvr', 6],
      ['ping', 1],
      ['ping', 58],
      ['quiet', 47],
    ],
  )
  assert.ok(encodeProgram(program).length > 0)
})

test('a NIC that is shared is one NIC, with the largest of the MTUs; a pmd is none of the kernel', () => {
  const config = whole()
  config.lans[2]!.mtu = 1500
  const nics = sampleNics.map((nic) => ({ ...nic, mtuBytes: 1400 }))
  const { host, program } = compile(config, { ...facts, nics })
  assert.deepEqual(
    host.nics.map(({ name }) => name),
    ['enp1s0', 'wwan0', 'enp2s0', 'enp3s0'],
  )
  const mtuOf = (name: string): (number | null | undefined)[] => [
    host.nics.find((nic) => nic.name === name)?.mtuBytes,
    host.twins.find((twin) => twin.name === name)?.mtuBytes,
  ]
  assert.deepEqual(mtuOf('enp3s0'), [1500, undefined])
  assert.deepEqual(mtuOf('cams'), [undefined, 1400])
  assert.deepEqual(mtuOf('cams2'), [undefined, 1500])
  // The datapath is told each port's own, for it sees the NIC's.
  const bytes = encodeProgram(program)
  const told = new Map(
    program.ports.map(({ twin }, i) => [
      twin,
      bytes.readUInt16LE(recordSizes.programHead + 32 + recordSizes.port * i + 154),
    ]),
  )
  assert.deepEqual([told.get('cams'), told.get('cams2')], [1400, 1500])
})

test('a NIC of whose MTU the configuration says nothing keeps the one that somebody gives it meanwhile', async () => {
  const config = whole()
  for (const uplink of config.uplinks) delete uplink.mtu
  const net = fakeNet(sampleNics)
  const { host } = compile(config, facts)
  await net.apply(diff(host, await net.read(host)))
  const { nics, ...rest } = await net.read(host)
  const changed = nics.map((nic) => ({ ...nic, mtuBytes: 1400 }))
  const set = diff(host, { ...rest, nics: changed }).filter(({ kind }) => kind === 'set-nic')
  const told = host.nics.filter(({ mtuBytes }) => mtuBytes !== null)
  assert.ok(told.length < host.nics.length)
  assert.equal(set.length, told.length)
})

test('a shared NIC that is missing is missed once', () => {
  const nics = sampleNics.filter(({ name }) => name !== 'enp3s0')
  const { absentNics, program } = compile(whole(), { ...facts, nics })
  assert.deepEqual(absentNics, ['enp3s0'])
  assert.equal(program.ports.length, 5)
})
