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
