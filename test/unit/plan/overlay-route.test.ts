/** Prefixes behind peers as the datapath is told of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { compile } from '../../../firmware/plan/compile.ts'
import { sampleConfig, sampleNics } from '../model/sample-config.ts'

const facts = {
  mac1Keys: [new Uint8Array(32)],
  nicNetns: 'causeway-test',
  nics: sampleNics,
  leases: [],
  withheld: [],
}
const sample = (): DeviceConfig => sampleConfig() as DeviceConfig

test('of a prefix at several peers the site comes first, then hubs in their order', () => {
  const config = sample()
  const [hub, lisbon] = config.peers
  const behind = { office: ['10.0.7.0/24'] }
  const peers = [
    { ...hub!, name: 'hub-2', segments: behind },
    { ...hub!, segments: behind },
    { ...lisbon!, segments: behind },
  ]
  const { program, host } = compile(
    { ...config, peers, overlay: { port: 1, transit: true } },
    facts,
  )
  assert.equal(program.isTransit, true)
  assert.deepEqual(
    program.routes.map(({ peer, rank }) => [peer, rank]),
    [
      ['lisbon', 0],
      ['hub-2', 1],
      ['hub-1', 2],
    ],
  )
  // Of the kernel's routes it is one all the same.
  const kernel = host.routes.filter(({ prefix, kind }) => {
    return prefix === '10.0.7.0/24' && kind === 'unicast'
  })
  assert.equal(kernel.length, 1)
})

test('a hub that forwards for others carries what is inside of its prefixes too, after all others', () => {
  const config = sample()
  const [hub, lisbon] = config.peers
  const hubOf = (name: string, prefixes: string[], more: object = { transit: true }) => {
    return { ...hub!, name, segments: { office: prefixes }, ...more }
  }
  const peers = [
    hubOf('near', ['10.0.7.0/24'], {}),
    hubOf('wide', ['10.0.0.0/16', '10.9.0.0/16']),
    hubOf('deaf', ['10.0.0.0/16'], {}),
    hubOf('wider', ['10.0.0.0/8']),
    { ...lisbon!, segments: { office: ['10.0.7.0/24'], cameras: ['10.0.8.0/24'] } },
  ]
  const { program } = compile({ ...config, peers }, facts)
  const carriers = (prefix: string) =>
    program.routes.filter((route) => route.prefix === prefix).map(({ peer }) => peer)
  assert.deepEqual(carriers('10.0.7.0/24'), ['lisbon', 'near', 'wide', 'wider'])
  assert.deepEqual(carriers('10.0.0.0/16'), ['wide', 'deaf', 'wider'])
  assert.deepEqual(carriers('10.0.0.0/8'), ['wider'])
  // Of another segment nobody carries, and four are the most.
  assert.deepEqual(carriers('10.0.8.0/24'), ['lisbon'])
  const five = [...peers, hubOf('widest', ['0.0.0.0/1'])]
  const more = compile({ ...config, peers: five }, facts).program.routes
  assert.equal(more.filter(({ prefix }) => prefix === '10.0.7.0/24').length, 4)
})
