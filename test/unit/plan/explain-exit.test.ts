/** By which uplink a flow leaves to the Internet, and whether that uplink is to be doubted. By table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { exitOf } from '../../../firmware/plan/explain-exit.ts'
import { answerTo, config, nowhere, uplinks } from './explain-answer.ts'
import { reading, samplePath } from './sample-path.ts'

const out = (
  destination: string,
  more: { readonly config?: DeviceConfig; readonly uplinks?: typeof uplinks } = {},
) => {
  const { ask } = { ask: { destination } } as Parameters<typeof exitOf>[0]
  return exitOf({ config, uplinks, ask, ...more })
}
const by = (link: string, nextHop: string, source: string) => ({ link, nextHop, source })

test('the first uplink that leads to the Internet and has a carrier, an address and a next hop of the family', () => {
  assert.deepEqual(out('8.8.8.8'), by('wan0', '192.0.2.1', '192.0.2.2'))
  assert.deepEqual(out('2001:db8:f::1'), by('wan0', 'fe80::1', '2001:db8:0:1::2'))
  const cut = uplinks.map((uplink) => ({ ...uplink, isUp: uplink.name !== 'wan0' }))
  assert.deepEqual(out('8.8.8.8', { uplinks: cut }), by('lte0', '203.0.113.10', '203.0.113.9'))
  assert.equal(out('2001:db8:f::1', { uplinks: cut }), null)
  const change = (more: object): DeviceConfig => ({
    ...config,
    uplinks: config.uplinks.map((one, at) => ({
      ...{ ...one, metered: false, backup: false },
      ...(at === 0 ? more : {}),
    })),
  })
  for (const more of [{ kind: 'private' }, { backup: true }, { metered: true }]) {
    assert.equal(out('8.8.8.8', { config: change(more) })?.link, 'lte0')
  }
})

test('what is in the network of an uplink has no next hop but itself', () => {
  assert.deepEqual(out('203.0.113.10'), by('lte0', '203.0.113.10', '203.0.113.9'))
})

test('of an uplink that reaches no peer it is said, of one whose only peer is silent everywhere not', () => {
  const alsoWith = (...paths: readonly Parameters<typeof samplePath>[0][]) => {
    const counters = reading(paths.map((path) => samplePath(path)))
    const { cause, route, also } = answerTo(nowhere, { ask: { to: '8.8.8.8' }, counters })
    assert.deepEqual([cause, route.link], ['breakout', 'wan0'])
    return also
  }
  const down = { state: 'down', reason: 'silent' } as const
  const said = {
    cause: 'uplink-dead',
    sentence: 'Uplink wan0 reaches no peer, though it has a carrier.',
  }
  assert.deepEqual(alsoWith(down, { ...down, peer: 'lisbon' }), [said])
  assert.deepEqual(alsoWith(down, { uplink: 1 }), [said])
  assert.deepEqual(alsoWith(down, { ...down, uplink: 1 }), [])
  assert.deepEqual(alsoWith(down, { peer: 'lisbon' }), [])
  assert.deepEqual(alsoWith({ state: 'untried', rttUs: null }, { uplink: 1 }), [])
})
