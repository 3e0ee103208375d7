/**
 * What of a box can be reached, as nmap finds it: every TCP port and the usual UDP ports, from a host of the Internet and from one of the
 * LAN, are those that image/ports.txt declares. In short: what the firewall's rules let in from outside is what is declared.
 */
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { compileFirewall } from '../../../firmware/plan/firewall.ts'
import {
  type Declared,
  declaredPorts,
  differences,
  type Protocol,
  scanTcp,
  scanUdp,
  type Zone,
} from '../../image/scan.ts'
import { openVmScene } from '../../image/scene.ts'
import { setUp } from '../../image/set-up.ts'
import { bare } from '../../lab/description.ts'
import type { Check, Line } from '../line.ts'
import { claim, noneOf } from './parts.ts'

/** The overlay's and those beside it, and what else boxes are found by. */
const udpPorts = [
  ...[53, 67, 68, 69, 123, 137, 161, 162, 443, 500, 514, 520, 623, 1194, 1701, 1900, 3478, 4500],
  ...[4789, 5060, 5353, 5683, 6081, 51819, 51820, 51821, 61000, 61063],
]

export const ports: Line = {
  name: 'ports',
  title: 'what can be reached from the Internet and from the LAN is what is declared',
  isQuickBeside: true,
  faults: {
    'relay-undeclared': 'rules: ',
    'list-too-short': 'rules: ',
  },
  measure: async ({ isQuick, fault }) => {
    const declared = declaredPorts().filter(
      ({ zone }) => fault !== 'list-too-short' || zone !== 'wan',
    )
    const rules = ruleCheck(declared, fault === 'relay-undeclared')
    return isQuick || fault !== undefined ? [rules] : [rules, ...(await scans(declared))]
  },
}

/** Of a box as it leaves the factory. */
function ruleCheck(declared: readonly Declared[], isRelay: boolean): Check {
  const let_ = lettingIn(compiled(isRelay))
  const mine = declared.filter(({ zone }) => zone === 'wan')
  const words = [
    ...let_
      .filter(({ protocol, port }) => !mine.some((one) => same(one, protocol, port)))
      .map(({ protocol, port }) => `${protocol} ${port} is let in and not declared`),
    ...mine
      .filter(({ protocol, port }) => !let_.some((one) => same(one, protocol, port)))
      .map(({ protocol, port }) => `${protocol} ${port} is declared and not let in`),
  ]
  return noneOf('rules: from outside others are let in than declared', words, `${mine.length} port`)
}

function same(
  one: { readonly protocol: Protocol; readonly port: number },
  protocol: Protocol,
  port: number,
): boolean {
  return one.protocol === protocol && one.port === port
}

function compiled(isRelay: boolean): string {
  const config: DeviceConfig = {
    ...{ version: 1, revision: 1, site: 'box', tenant: '8c1f0e6a-5b1e-4a83-9a41-0d7f2f6f2c11' },
    overlay: { port: 51820, ...(isRelay ? { relay: {} } : {}) },
    uplinks: [{ name: 'wan0', nic: 'netdev:eth0', address: 'dhcp' }],
    segments: [{ name: 'office', vni: 100, breakout: true, admin: true }],
    lans: [{ name: 'lan0', nic: 'netdev:eth1', segment: 'office', address: ['192.0.2.1/24'] }],
    peers: [],
  }
  const segmentTwins = new Map([['office', 'seg-office']])
  return compileFirewall({ config, ports: [], segmentTwins, inside: [] }).text
}

/** Ports that strangers may send to: not those that answer what the box has asked, and no DHCP of its provider's. */
function lettingIn(text: string): { readonly protocol: Protocol; readonly port: number }[] {
  const [, chain = ''] = /chain from_uplink \{\n([\s\S]*?)\n {2}\}/.exec(text) ?? []
  return chain
    .split('\n')
    .filter((rule) => rule.endsWith(' accept') && !/sport 67|stun_asked/.test(rule))
    .flatMap((rule) => {
      const [, protocol, list] = /^ *(tcp|udp) dport (\{[^}]*\}|\S+) /.exec(rule) ?? []
      const found = list?.match(/\d+/g) ?? []
      return found.map((port) => ({ protocol: protocol as Protocol, port: Number(port) }))
    })
}

async function scans(declared: readonly Declared[]): Promise<Check[]> {
  await using scene = await openVmScene({ vms: { berlin: 'x86_64' }, isAlone: true })
  const { lab, vm } = scene
  await vm('berlin').start()
  await using box = await setUp(lab, 'berlin')
  const { wan } = lab.sites.find(({ name }) => name === 'berlin')!
  const places: readonly (readonly [Zone, string, string])[] = [
    ['wan', 'internet', bare(wan.address)],
    ['lan', 'berlin-host', box.address],
  ]
  const checks: Check[] = []
  for (const [zone, where, address] of places) {
    const tcp = await scanTcp(lab, where, address)
    const udp = await scanUdp(lab, where, address, udpPorts)
    for (const [protocol, seen] of [['tcp', tcp] as const, ['udp', udp] as const]) {
      const open = seen.filter(({ state }) => state === 'open').map(({ port }) => port)
      const words = differences(declared, zone, protocol, seen)
      const title = `${zone}, ${protocol}: what answers is what is declared`
      const found = `${open.length === 0 ? 'none' : open.join(', ')} open`
      const asked = protocol === 'tcp' ? 65_535 : udpPorts.length
      const figure = words.length === 0 ? `${found} of ${asked}` : words.join('; ')
      checks.push(claim(title, words.length === 0, figure))
    }
  }
  return checks
}
