/**
 * Routes and rules of uplinks, looked up as the kernel does (slowly): what belongs to an uplink leaves there, also where two
 * have the same network, gateway and address; the rest goes by the best that has a carrier.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { contains, parseAddress, parseInterfaceAddress } from '../../../firmware/model/address.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { Uplink } from '../../../firmware/model/device-config-uplink.ts'
import type { HostState, RouteState } from '../../../firmware/model/host-state.ts'
import { compile } from '../../../firmware/plan/compile.ts'
import { sampleConfig } from '../model/sample-config.ts'

const modem = {
  address: ['192.168.1.2/24', '2001:db8:1::2/64'],
  gateway: '192.168.1.1',
  gateway6: 'fe80::1',
}

function hostOf(uplinks: readonly Partial<Uplink>[]): HostState {
  const config: DeviceConfig = {
    ...(sampleConfig() as DeviceConfig),
    uplinks: uplinks.map((more, at) => ({
      name: `wan${at}`,
      nic: `netdev:eth${at}`,
      ...modem,
      ...more,
    })),
    lans: [],
  }
  const nics = uplinks.map((_, at) => ({
    name: `eth${at}`,
    mac: `02:00:00:00:00:0${at}`,
    mtuBytes: 1500,
    tsoMaxBytes: 65_536,
  }))
  const rest = { mac1Keys: [], nicNetns: 'n', leases: [], withheld: [] }
  return compile(config, { nics, ...rest }).host
}

interface LookUp {
  readonly to: string
  readonly from?: string
  readonly oif?: string
  /** Devices without a carrier. */
  readonly down?: readonly string[]
}

/** ip-rule(8), ip-route(8): rules by priority; in a table the longest prefix, then the least metric. */
function lookUp({ rules, routes }: HostState, { to, from, oif, down = [] }: LookUp): string | null {
  const family = to.includes(':') ? 6 : 4
  const ruled = [
    ...rules.filter((rule) => rule.family === family),
    { priority: 32_766, from: null, device: null, table: 254 },
  ].toSorted((one, other) => one.priority - other.priority)
  const bits = ({ prefix }: RouteState): number => Number(prefix.split('/')[1])
  for (const rule of ruled) {
    if (rule.from !== null && rule.from !== from) continue
    if (rule.device !== null && rule.device !== oif) continue
    const [found] = routes
      .filter(
        ({ table, prefix }) => table === rule.table && prefix.includes(':') === (family === 6),
      )
      .filter(({ prefix }) => contains(parseInterfaceAddress(prefix)!, parseAddress(to)!))
      .filter(({ device }) => device === null || oif === undefined || device === oif)
      .filter(({ device }) => device === null || !down.includes(device))
      .toSorted((one, other) => bits(other) - bits(one) || one.metric - other.metric)
    if (found !== undefined) return found.kind === 'unreachable' ? null : found.device
  }
  return null
}

const far = ['198.51.100.7', '2001:db8:99::7']

test('of uplinks that are alike in everything, each has what belongs to it', () => {
  const host = hostOf([{}, {}, {}])
  for (const oif of ['wan0', 'wan1', 'wan2']) {
    for (const to of [...far, '192.168.1.1', '2001:db8:1::1', 'fe80::1']) {
      assert.equal(lookUp(host, { to, oif, from: '192.168.1.2' }), oif, `${to} by ${oif}`)
      assert.equal(lookUp(host, { to, oif, down: [oif] }), null)
    }
  }
  for (const to of far) {
    assert.equal(lookUp(host, { to }), 'wan0')
    assert.equal(lookUp(host, { to, down: ['wan0'] }), 'wan1')
    assert.equal(lookUp(host, { to, down: ['wan0', 'wan1', 'wan2'] }), null)
  }
})

test('what is sent from an address of one uplink leaves there', () => {
  const host = hostOf([{}, { address: ['192.168.1.3/24'] }])
  assert.equal(lookUp(host, { to: far[0]!, from: '192.168.1.2' }), 'wan0')
  assert.equal(lookUp(host, { to: far[0]!, from: '192.168.1.3' }), 'wan1')
})

test('what is inside goes to no uplink, but for what belongs to one, which the firewall stops', () => {
  const host = hostOf([{}, {}])
  assert.equal(lookUp(host, { to: '10.0.1.1' }), 'seg-office')
  assert.equal(lookUp(host, { to: '10.0.1.1', down: ['seg-office'] }), null)
})

test('breakout goes by the first uplink to the Internet that is no backup, and free, and has a carrier', () => {
  const uplink = fc.record({
    kind: fc.constantFrom('internet' as const, 'private' as const),
    metered: fc.boolean(),
    backup: fc.boolean(),
    isUp: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(uplink, { minLength: 1, maxLength: 8 }), (list) => {
      const host = hostOf(list.map(({ isUp: _, ...more }) => more))
      const usable = list.flatMap((one, at) => {
        return one.isUp && one.kind === 'internet' ? [{ ...one, name: `wan${at}` }] : []
      })
      const best =
        usable.find(({ backup, metered }) => !backup && !metered) ??
        usable.find(({ backup }) => !backup) ??
        usable.find(({ metered }) => !metered) ??
        usable[0]
      const down = list.flatMap(({ isUp }, at) => (isUp ? [] : [`wan${at}`]))
      for (const to of far) assert.equal(lookUp(host, { to, down }), best?.name ?? null)
    }),
  )
})

test('nothing is let out or hidden towards a private network', () => {
  const { firewall, sysctls } = hostOf([{}, { kind: 'private' }])
  assert.match(firewall.text, /set exits \{\n.*\n.*\{ "wan0" \}/)
  for (const name of ['wan0', 'wan1']) {
    for (const family of ['ipv4', 'ipv6']) {
      const key = `net/${family}/conf/${name}/ignore_routes_with_linkdown`
      assert.equal(sysctls.find((one) => one.key === key)?.value, '1')
    }
  }
})
