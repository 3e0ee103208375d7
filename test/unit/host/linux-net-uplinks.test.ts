/** The real kernel with uplinks that are alike: which way it takes, asked by itself, in a throwaway network namespace. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleConfig } from '../model/sample-config.ts'
import { inside, makeSpace, nicNetns, runInside } from './linux-net-space.ts'

makeSpace()

test('uplinks that are alike in everything: what belongs to one leaves there, breakout by the first with a carrier', async () => {
  const config = sampleConfig()
  for (const uplink of config.uplinks) {
    uplink.address = ['192.168.1.2/24', '2001:db8:1::2/64']
    uplink.gateway = '192.168.1.1'
    uplink.gateway6 = 'fe80::1'
  }
  const lookUps = [
    '-4 route get 198.51.100.7 oif wan0',
    '-4 route get 198.51.100.7 oif lte0',
    '-4 route get 192.168.1.1 oif lte0',
    '-4 route get 198.51.100.7',
    '-4 route get 198.51.100.7 from 192.168.1.2',
    '-6 route get 2001:db8:9::7 oif wan0',
    '-6 route get 2001:db8:9::7 oif lte0',
    '-6 route get fe80::1 oif lte0',
    '-6 route get 2001:db8:9::7',
  ]
  const waysWith = async (...held: string[]): Promise<string[]> => {
    const { failure, ways } = await runInside({ config, nicNetns, held, lookUps })
    assert.equal(failure, undefined)
    return ways
  }
  const [v4, v6] = ['via 192.168.1.1', 'via fe80::1']
  assert.deepEqual(await waysWith('wan0', 'lte0'), [
    ...[`${v4} dev wan0`, `${v4} dev lte0`, 'dev lte0', `${v4} dev wan0`, `${v4} dev wan0`],
    ...[`${v6} dev wan0`, `${v6} dev lte0`, 'dev lte0', `${v6} dev wan0`],
  ])
  const none = 'RTNETLINK answers: Network is unreachable'
  // Where no route leads, IPv4 takes all for neighbours of the device that is asked for: none answers.
  assert.deepEqual(await waysWith('lte0'), [
    ...['dev wan0', `${v4} dev lte0`, 'dev lte0', `${v4} dev lte0`, `${v4} dev lte0`],
    ...[none, `${v6} dev lte0`, 'dev lte0', `${v6} dev lte0`],
  ])
  assert.equal((await waysWith())[3], none)
  assert.deepEqual((await inside(config)).steps, [])
  assert.equal((await inside(sampleConfig())).failure, undefined)
  assert.deepEqual((await inside(sampleConfig())).steps, [])
})
