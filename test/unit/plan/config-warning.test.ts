/** What `check` says of a sound file that cannot work: by table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { configWarnings } from '../../../firmware/plan/config-warning.ts'
import { sampleConfig, wholeConfig } from '../model/sample-config.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests reach into it to break it
function warningsOf(change: (config: any) => void): string[] {
  const config = sampleConfig()
  change(config)
  return configWarnings(config as DeviceConfig)
}

test('a file that can work earns no warning', () => {
  assert.deepEqual(
    warningsOf(() => {}),
    [],
  )
  assert.deepEqual(configWarnings(wholeConfig() as DeviceConfig), [])
})

test('a profile of an uplink without a rate, and one of no uplink, do nothing', () => {
  const own = { name: 'own', voice: 50, business: 1, normal: 1, bulk: 1 }
  const warned = (change: (config: ReturnType<typeof sampleConfig>) => void): string[] =>
    warningsOf((config) => {
      config.uplinks[1].profile = 'own'
      config.uplinks[1].up = '1M'
      config.profiles = [own]
      change(config)
    })
  assert.deepEqual(
    warned(() => {}),
    [],
  )
  assert.deepEqual(
    warned((config) => {
      delete config.uplinks[1].up
    }),
    ['profile own of lte0 does nothing without `up`: what leaves by this uplink never waits'],
  )
  /* Of what is sent to a peer that has a limit classes have their shares, too. */
  assert.deepEqual(
    warned((config) => {
      delete config.uplinks[1].up
      config.peers[0].limit = '5M'
    }),
    [],
  )
  assert.deepEqual(
    warned((config) => {
      config.profiles.push({ ...own, name: 'spare' }, { ...own, name: 'balanced' })
    }),
    ['profile spare is that of no uplink: it does nothing'],
  )
})

test('behind a NAT a peer without endpoints needs a hub', () => {
  const lonely = (config: ReturnType<typeof sampleConfig>): void => {
    config.uplinks = [{ name: 'wan0', nic: 'netdev:enp1s0', address: 'dhcp' }]
    delete config.peers[0].role
  }
  assert.deepEqual(warningsOf(lonely), [
    'lisbon cannot be reached, unless a NAT forwards its calls: ' +
      'it has no endpoint, no address of this box is public, and no peer is a hub',
  ])
  const [hub, ...more] = warningsOf((config) => {
    lonely(config)
    config.peers[0].role = 'hub'
  })
  assert.deepEqual([hub, more], [undefined, []])
})

test('a box that all others call is their relay', () => {
  const called = (change: (config: ReturnType<typeof sampleConfig>) => void): string[] =>
    warningsOf((config) => {
      delete config.peers[0].role
      for (const peer of config.peers) peer.endpoints = []
      change(config)
    })
  assert.deepEqual(
    called(() => {}),
    [
      'no peer has an endpoint, so all call this box, and it has no overlay.relay: they get no help to reach each other',
    ],
  )
  assert.deepEqual(
    called((config) => {
      Object.assign(config.overlay, { relay: {} })
    }),
    [],
  )
  assert.deepEqual(
    called((config) => {
      config.peers = config.peers.slice(1)
    }),
    [],
  )
})

test('hubs have endpoints, on a port of the overlay', () => {
  assert.match(
    warningsOf((config) => {
      config.peers[0].endpoints = []
    })[0]!,
    /^hub-1 is a hub without endpoints/,
  )
  assert.match(
    warningsOf((config) => {
      config.peers[0].endpoints = ['198.51.100.7:3478']
    })[0]!,
    /^endpoint 198\.51\.100\.7:3478 of hub-1: hubs answer STUN alone at 3478/,
  )
})

test('a hub at a private address alone cannot be called over the Internet', () => {
  const calling = (endpoints: string[], kind = 'internet'): string[] =>
    warningsOf((config) => {
      config.peers[0].endpoints = endpoints
      config.uplinks = config.uplinks.map((uplink: object) => ({ ...uplink, kind }))
    })
  assert.match(calling(['10.9.0.1:51820'])[0]!, /^hub-1 has private endpoints alone \(10\.9\.0\.1/)
  assert.deepEqual(calling(['10.9.0.1:51820', '198.51.100.7:51820']), [])
  assert.deepEqual(calling(['10.9.0.1:51820'], 'private'), [])
})

test('a relay is called, and carries something', () => {
  const relaying = (address: unknown, rate?: string): string[] =>
    warningsOf((config) => {
      config.overlay.relay = rate === undefined ? {} : { rate }
      config.overlay.ports = [443]
      config.uplinks = [{ name: 'wan0', nic: 'netdev:enp1s0', address, gateway: '192.168.1.1' }]
    })
  for (const address of ['192.168.1.2/24', '172.31.0.2/24', '100.64.3.2/24', 'fd00::2/64']) {
    assert.match(relaying([address])[0]!, /forwards UDP ports 51820, 443, 3478 here/, address)
  }
  const [hidden, lent] = relaying('dhcp')
  assert.match(hidden!, /Behind a 1:1 NAT/)
  assert.match(lent!, /have their address by DHCP: when it is another one, nobody finds the hub/)
  assert.deepEqual(relaying(['203.0.113.2/24']), [])
  assert.deepEqual(relaying(['100.128.0.2/24', '172.32.0.2/24']), [])
  assert.match(relaying(['203.0.113.2/24'], '63.9k')[0]!, /^overlay\.relay\.rate: 63\.9k is less/)
})
