/**
 * The firmware's nftables table as text: who may reach the box, what the kernel forwards, and what never leaves
 * by an uplink. Pure. ICMP errors are let in as RFC 4890 and RFC 5927 advise.
 * What is denied is denied to every link of ours but the named LANs and segments: a twin that is not known here
 * (one of an older configuration, still to be removed) is an uplink. What is allowed names its links.
 */
import { contains, formatPrefix, type Prefix, parseInterfaceAddress } from '../model/address.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { type FirewallState, ownMark } from '../model/host-state.ts'

export const firewallTable = 'causeway'
const fromOutside = `iifgroup ${ownMark} iifname != @own`
const toOutside = `oifgroup ${ownMark} oifname != @own`
const highestPort = 65_535
const lowestPort = 1024

/** @param segmentTwins names of the segments' twins */
export function compileFirewall(
  config: DeviceConfig,
  segmentTwins: Iterable<string>,
): FirewallState {
  const own = [...config.lans.map(({ name }) => name), ...segmentTwins]
  const fingerprint = fingerprintOf(render(config, own, '').text)
  return { ...render(config, own, fingerprint), fingerprint }
}

/** The running table bears its fingerprint as comment of a rule: nft prints no other as JSON. */
function render(
  config: DeviceConfig,
  own: readonly string[],
  comment: string,
): { readonly text: string; readonly ruleCount: number } {
  const chains = [
    ...untrackedChains(config),
    inputChain(),
    uplinkChain(config, comment),
    forwardChain(config),
    outputChain(),
    natChain(config),
  ]
  const uplinks = config.uplinks.map(({ name }) => quoted(name))
  const lines = [
    `table inet ${firewallTable} {`,
    ...namedSet('uplinks', 'ifname', uplinks),
    ...namedSet('own', 'ifname', own.map(quoted)),
    ...insideSet(config),
    ...chains.flatMap(({ head, rules }) => [...head, ...rules.map((rule) => `    ${rule}`), '  }']),
    '}\n',
  ]
  const ruleCount = chains.reduce((total, { rules }) => total + rules.length, 0)
  return { text: lines.join('\n'), ruleCount }
}

interface Chain {
  readonly head: readonly string[]
  readonly rules: readonly string[]
}

/** The overlay port is not tracked: a flood of handshakes must not fill the connection table. */
function untrackedChains({ overlay }: DeviceConfig): Chain[] {
  return [
    {
      head: ['  chain raw_in {', '    type filter hook prerouting priority raw; policy accept;'],
      rules: [`${fromOutside} udp dport ${overlay.port} notrack`],
    },
    {
      head: ['  chain raw_out {', '    type filter hook output priority raw; policy accept;'],
      rules: [`${toOutside} udp sport ${overlay.port} notrack`],
    },
  ]
}

/** The box trusts its LANs and its overlay; from an uplink comes only what `from_uplink` lets in. */
function inputChain(): Chain {
  return {
    head: ['  chain input {', '    type filter hook input priority filter; policy accept;'],
    rules: [`${fromOutside} jump from_uplink`],
  }
}

function uplinkChain({ overlay }: DeviceConfig, comment: string): Chain {
  const errors = 'destination-unreachable, time-exceeded, parameter-problem'
  return {
    head: ['  chain from_uplink {'],
    rules: [
      `udp dport ${overlay.port} accept`,
      'ct state established,related accept',
      `icmp type { ${errors} } limit rate 100/second burst 50 packets accept`,
      'icmp type echo-request limit rate 10/second burst 20 packets accept',
      `counter drop comment "${comment}"`,
    ],
  }
}

/** LANs with breakout reach the Internet; LANs of one segment reach each other; nothing else is forwarded. */
function forwardChain({ segments, lans }: DeviceConfig): Chain {
  const lansOf = (segment: string): string =>
    setOf(lans.filter((lan) => lan.segment === segment).map(({ name }) => quoted(name)))
  const used = segments.filter(({ name }) => lans.some((lan) => lan.segment === name))
  return {
    head: ['  chain forward {', '    type filter hook forward priority filter; policy drop;'],
    rules: [
      `${toOutside} ip daddr @inside counter drop`,
      `${fromOutside} ip saddr @inside counter drop`,
      'ct state established,related accept',
      ...used
        .filter(({ breakout }) => breakout === true)
        .map(({ name }) => `iifname ${lansOf(name)} oifname @uplinks accept`),
      ...used.map(({ name }) => `iifname ${lansOf(name)} oifname ${lansOf(name)} accept`),
    ],
  }
}

/** What the box itself sends to the overlay leaves sealed or not at all. */
function outputChain(): Chain {
  return {
    head: ['  chain output {', '    type filter hook output priority filter; policy accept;'],
    rules: [`${toOutside} ip daddr @inside counter drop`],
  }
}

/** UDP keeps off the overlay port: what comes back to it is taken for the overlay's. */
function natChain({ overlay, segments, lans }: DeviceConfig): Chain {
  const open = new Set(segments.filter(({ breakout }) => breakout === true).map(({ name }) => name))
  const from = lans.filter(({ segment }) => open.has(segment)).map(({ name }) => quoted(name))
  const isHigh = overlay.port - lowestPort > highestPort - overlay.port
  const ports = isHigh ? `${lowestPort}-${overlay.port - 1}` : `${overlay.port + 1}-${highestPort}`
  return {
    head: [
      '  chain postrouting {',
      '    type nat hook postrouting priority srcnat; policy accept;',
    ],
    rules:
      from.length === 0
        ? []
        : [
            `iifname ${setOf(from)} oifname @uplinks meta l4proto udp masquerade to :${ports}`,
            `iifname ${setOf(from)} oifname @uplinks masquerade`,
          ],
  }
}

/** Overlay prefixes and own LANs, without those that lie in another: nft refuses overlapping intervals. */
function insideSet({ lans, peers }: DeviceConfig): string[] {
  const texts = [
    ...lans.flatMap(({ address }) => address),
    ...peers.flatMap(({ segments }) => Object.values(segments).flat()),
  ]
  const prefixes = texts
    .map((text) => parseInterfaceAddress(text)!)
    .toSorted((one, other) => one.network - other.network || one.bits - other.bits)
  const widest: Prefix[] = []
  for (const prefix of prefixes) {
    const last = widest.at(-1)
    if (last === undefined || !contains(last, prefix.network)) widest.push(prefix)
  }
  const flags = ['    flags interval']
  return namedSet('inside', 'ipv4_addr', widest.map(formatPrefix), flags)
}

function namedSet(
  name: string,
  type: string,
  elements: readonly string[],
  more: readonly string[] = [],
): string[] {
  const list = elements.length === 0 ? [] : [`    elements = { ${elements.join(', ')} }`]
  return [`  set ${name} {`, `    type ${type}`, ...more, ...list, '  }']
}

function setOf(elements: readonly string[]): string {
  return `{ ${elements.join(', ')} }`
}

function quoted(name: string): string {
  return `"${name}"`
}

/** FNV-1a, 64 bits, in hex: tells two texts of ours apart; nobody attacks it. */
function fingerprintOf(text: string): string {
  let hash = 0xcbf2_9ce4_8422_2325n
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100_0000_01b3n)
  }
  return hash.toString(16).padStart(16, '0')
}
