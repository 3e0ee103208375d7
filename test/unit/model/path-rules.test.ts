/** As many paths as the datapath has room for: the rule counts what a program would hold. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDeviceConfig } from '../../../firmware/host/config/parse.ts'
import { maxPaths } from '../../../firmware/model/path-rules.ts'
import { encodeWireKey } from '../../../firmware/model/wire-key.ts'
import { compilePaths } from '../../../firmware/plan/path.ts'
import { findPorts } from '../../../firmware/plan/ports.ts'
import { sampleConfig, sampleNics } from './sample-config.ts'

interface Network {
  readonly peers: number
  readonly v4: number
  readonly v6: number
}

/** Three uplinks: both families, IPv4, and by DHCP. */
function configOf({ peers, v4, v6 }: Network): ReturnType<typeof sampleConfig> {
  const config = sampleConfig()
  config.uplinks[0].address.push('2001:db8:0:1::2/64')
  config.uplinks[0].gateway6 = 'fe80::1'
  config.uplinks.push({ name: 'lte1', nic: 'netdev:wwan1', address: 'dhcp' })
  config.peers = Array.from({ length: peers }, (_, at) => ({
    name: `site-${at}`,
    wireKey: encodeWireKey(
      new Uint8Array(32)
        .fill(7, 2, 31)
        .fill(at & 255, 0, 1)
        .fill(at >> 8, 1, 2),
    ),
    endpoints: [
      ...Array.from({ length: v4 }, (_, place) => `198.18.${at >> 8}.${at & 255}:${5000 + place}`),
      ...Array.from({ length: v6 }, (_, place) => `[2001:db8:9::${at + 1}]:${5000 + place}`),
    ],
    segments: {},
  }))
  return config
}

test('a configuration is refused exactly where its program would hold more paths than there is room for', () => {
  const network = fc.record({
    peers: fc.integer({ min: 300, max: 1024 }),
    v4: fc.integer({ min: 0, max: 5 }),
    v6: fc.integer({ min: 0, max: 3 }),
  })
  const nics = [...sampleNics, { ...sampleNics[0]!, name: 'wwan1' }]
  fc.assert(
    fc.property(network, (one) => {
      const config = configOf(one)
      const { ports } = findPorts(config, nics, [])
      const isTooMany = compilePaths(config, ports).length > maxPaths
      const { errors } = parseDeviceConfig(JSON.stringify(config))
      const wanted = isTooMany ? [['CONFIG_PATHS_TOO_MANY', '/peers']] : []
      assert.deepEqual(
        errors.map(({ code, path }) => [code, path]),
        wanted,
      )
    }),
    { numRuns: 12 },
  )
})
