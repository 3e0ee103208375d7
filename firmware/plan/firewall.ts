/**
 * The firmware's nftables table as text: what the kernel forwards, and what never leaves by an uplink; who may reach
 * the box itself is in firewall-box.ts. Pure.
 * What is denied is denied to every link of ours but the named LANs and segments: a twin that is not known here
 * (one of an older configuration, still to be removed) is an uplink. What is allowed names its links.
 */
import { anyPorts } from '../model/acl.ts'
import { coverageOf } from '../model/address-range.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { type FirewallState, firewallTable } from '../model/host-state.ts'
import { stunPort } from '../model/nat.ts'
import { spellOut } from './acl.ts'
import { boxChains, notesStun, speedSetLines, stunAsked } from './firewall-box.ts'
import {
  answers,
  type Chain,
  familiesOf,
  fromOutside,
  insideMark,
  marksInside,
  type NamedSet,
  namedSet,
  portsText,
  quoted,
  setOf,
  toOutside,
} from './firewall-text.ts'
import { breakoutPorts, overlayPorts } from './overlay-port.ts'
import type { Port } from './ports.ts'
import { networkOf, privateRanges } from './prefix.ts'
import { isPrivate } from './route.ts'

/** What the table is made of, besides the configuration. */
export interface FirewallInput {
  readonly config: DeviceConfig
  /** Those whose NIC is there, with the addresses that they have now. */
  readonly ports: readonly Port[]
  /** Segment → its twin. */
  readonly segmentTwins: ReadonlyMap<string, string>
  /** Prefixes that are kept inside, canonical: the overlay's, the LANs', and those withdrawn a while ago. */
  readonly inside: readonly string[]
}

export function compileFirewall(input: FirewallInput): FirewallState {
  const fingerprint = fingerprintOf(render(input, '').text)
  return { ...render(input, fingerprint), fingerprint }
}

/** Drops of the firewall, by name: `nft list counters` shows them. A table that takes another's place counts on. */
const counters = [
  'kept_inside',
  'kept_private',
  'kept_silent',
  'kept_membership',
  'forged_inside',
  'denied_acl',
  'denied_forward',
  'denied_uplink',
  'denied_box',
  'denied_foreign_box',
  'limited_stun',
] as const

/** The running table bears its fingerprint as comment of a rule: nft prints no other as JSON. */
function render(input: FirewallInput, comment: string): Omit<FirewallState, 'fingerprint'> {
  const { config, segmentTwins } = input
  const chains = [
    ...untrackedChains(config),
    ...boxChains(input, comment),
    forwardChain(input),
    outputChain(input),
    markChain,
    natChain(config),
  ]
  const own = [...config.lans.map(({ name }) => name), ...segmentTwins.values()]
  const exits = config.uplinks.filter((uplink) => !isPrivate(uplink)).map(({ name }) => name)
  const sets = [
    namedSet('exits', 'ifname', exits.map(quoted)),
    namedSet('own', 'ifname', own.map(quoted)),
    ...prefixSets('inside', input.inside),
    ...prefixSets('connected', connectedOf(input.ports)),
    ...prefixSets('private', privateRanges),
  ]
  const lines = [
    `table inet ${firewallTable} {`,
    ...counters.map((name) => `  counter ${name} { }`),
    ...sets.flatMap(({ lines }) => lines),
    ...stunAsked.lines,
    ...speedSetLines,
    ...chains.flatMap(({ head, rules }) => [...head, ...rules.map((rule) => `    ${rule}`), '  }']),
    '}\n',
  ]
  const ruleCount = chains.reduce((total, { rules }) => total + rules.length, 0)
  const held = sets.map(({ name, elements }) => {
    return [name, ...coverageOf(elements.map((element) => element.replaceAll('"', '')))].join(' ')
  })
  return { text: lines.join('\n'), ruleCount, sets: held.toSorted() }
}

/** Ports that strangers may send to are not tracked: a flood of handshakes must not fill the connection table. */
function untrackedChains({ overlay }: DeviceConfig): Chain[] {
  const others = overlay.relay === undefined ? [] : [stunPort]
  const ports = portsText([...overlayPorts(overlay), ...others])
  return [
    {
      head: ['  chain raw_in {', '    type filter hook prerouting priority raw; policy accept;'],
      rules: [`${fromOutside} udp dport ${ports} notrack`],
    },
    {
      head: ['  chain raw_out {', '    type filter hook output priority raw; policy accept;'],
      rules: [`${toOutside} udp sport ${ports} notrack`],
    },
  ]
}

/** What is inside stays inside; a segment talks to itself; breakout where it is allowed; nothing else. */
function forwardChain({ config, segmentTwins }: FirewallInput): Chain {
  const lansOf = (segment: string): string[] =>
    config.lans.filter((lan) => lan.segment === segment).map(({ name }) => quoted(name))
  const used = config.segments.filter(({ name }) => lansOf(name).length > 0)
  const linksOf = (segment: string): string =>
    setOf([...lansOf(segment), quoted(segmentTwins.get(segment)!)])
  const within = used.flatMap(({ name }) => {
    const lans = lansOf(name)
    const twin = quoted(segmentTwins.get(name)!)
    return [
      `iifname ${setOf(lans)} oifname ${setOf([...lans, twin])} accept`,
      `iifname ${twin} oifname ${setOf(lans)} accept`,
    ]
  })
  return {
    head: ['  chain forward {', '    type filter hook forward priority filter; policy drop;'],
    rules: [
      ...insideRules(),
      `${fromOutside} ip saddr @inside4 counter name forged_inside drop`,
      `${fromOutside} ip6 saddr @inside6 counter name forged_inside drop`,
      `${toOutside} ip daddr @private4 ip daddr != @connected4 counter name kept_private drop`,
      `${toOutside} ip6 daddr @private6 ip6 daddr != @connected6 counter name kept_private drop`,
      // NAT leaves as it is what belongs to no connection.
      `${toOutside} ct state invalid counter name denied_forward drop`,
      // Only who is inside is told: the rest may be a stranger's, with an address that is not its own.
      ...resets('iifname @own ', 'denied_forward'),
      `${toOutside} ${insideMark} counter name kept_inside drop`,
      ...answers,
      ...aclRules(config, linksOf),
      ...used
        .filter(({ breakout }) => breakout === true)
        .map(({ name }) => `iifname ${setOf(lansOf(name))} oifname @exits accept`),
      ...within,
      'counter name denied_forward drop',
    ],
  }
}

/** What the datapath has let through between two segments here, with the state that it does not keep. */
function aclRules({ acl }: DeviceConfig, linksOf: (segment: string) => string): string[] {
  return spellOut(acl).map((term) => {
    const { action, fromSegment, toSegment, source, destination, family, protocol, ports } = term
    const ip = family === 6 ? 'ip6' : 'ip'
    const [first, last] = ports
    const isAnyPort = first === anyPorts[0] && last === anyPorts[1]
    return [
      `iifname ${linksOf(fromSegment)} oifname ${linksOf(toSegment)}`,
      ...(family === null ? [] : [`meta nfproto ipv${family}`]),
      ...(source === null ? [] : [`${ip} saddr ${source}`]),
      ...(destination === null ? [] : [`${ip} daddr ${destination}`]),
      ...(protocol === 0 ? [] : [`meta l4proto ${protocol}`]),
      ...(isAnyPort ? [] : [`th dport ${first === last ? first : `${first}-${last}`}`]),
      action === 'allow' ? 'accept' : 'counter name denied_acl drop',
    ].join(' ')
  })
}

/**
 * What the box itself sends to the overlay leaves sealed or not at all. Nor does it tell who asks at the overlay port while
 * no gateway listens there. The groups that the kernel joins as a router (RFC 4291 §2.8) are reported on every link (MLD,
 * RFC 3810); at a segment's twin nobody is there to hear it, and the datapath would count it as a drop.
 */
function outputChain({ segmentTwins }: FirewallInput): Chain {
  const twins = setOf([...segmentTwins.values()].map(quoted))
  const reports = `oifname ${twins} icmpv6 type mld2-listener-report counter name kept_membership drop`
  const silent = (icmp: string): string =>
    `${toOutside} ${icmp} type destination-unreachable ${icmp} code port-unreachable counter name kept_silent drop`
  return {
    head: ['  chain output {', '    type filter hook output priority filter; policy accept;'],
    rules: [
      ...insideRules(),
      ...resets('', 'kept_inside'),
      `${toOutside} ${insideMark} counter name kept_inside drop`,
      silent('icmp'),
      silent('icmpv6'),
      ...(segmentTwins.size === 0 ? [] : [reports]),
      notesStun,
    ],
  }
}

function insideRules(): string[] {
  return [
    `${toOutside} ip daddr @inside4 counter name kept_inside drop`,
    `${toOutside} ip6 daddr @inside6 counter name kept_inside drop`,
  ]
}

/**
 * No TCP connection breaks out in its middle. One that conntrack does not know began elsewhere: in the overlay, or before
 * a reboot. One that it knows may have begun inside, before what was tried was taken back.
 * @param from who is told by a reset
 */
function resets(from: string, unknown: 'denied_forward' | 'kept_inside'): string[] {
  const middle = 'ct state new tcp flags & (fin | syn | rst | ack) != syn'
  return [
    `${from}${toOutside} ${middle} counter name ${unknown} reject with tcp reset`,
    `${from}${toOutside} meta l4proto tcp ${insideMark} counter name kept_inside reject with tcp reset`,
  ]
}

/** What is sent to a LAN or a segment, forwarded or the box's own; what comes from there to the box is marked in `input`. */
const markChain: Chain = {
  head: [
    '  chain mark_inside {',
    '    type filter hook postrouting priority mangle; policy accept;',
  ],
  rules: [`oifname @own ${marksInside}`],
}

/** UDP keeps off the overlay's ports: what comes back to them is taken for the overlay's. */
function natChain({ overlay, segments, lans }: DeviceConfig): Chain {
  const open = new Set(segments.filter(({ breakout }) => breakout === true).map(({ name }) => name))
  const from = lans.filter(({ segment }) => open.has(segment)).map(({ name }) => quoted(name))
  const ports = breakoutPorts(overlay).join('-')
  return {
    head: [
      '  chain postrouting {',
      '    type nat hook postrouting priority srcnat; policy accept;',
    ],
    rules:
      from.length === 0
        ? []
        : [
            `iifname ${setOf(from)} oifname @exits meta l4proto udp masquerade to :${ports}`,
            `iifname ${setOf(from)} oifname @exits masquerade`,
          ],
  }
}

/** The access networks themselves: a modem's own pages, say. */
function connectedOf(ports: readonly Port[]): string[] {
  return ports
    .filter(({ role }) => role === 'uplink')
    .flatMap(({ addresses }) => addresses.map(networkOf))
}

/** One set a family, `NAME4` and `NAME6`. */
function prefixSets(name: string, prefixes: readonly string[]): NamedSet[] {
  const { v4, v6 } = familiesOf([...new Set(prefixes)].toSorted())
  const flags = ['    flags interval', '    auto-merge']
  return [
    namedSet(`${name}4`, 'ipv4_addr', v4, flags),
    namedSet(`${name}6`, 'ipv6_addr', v6, flags),
  ]
}

/** FNV-1a, 64 bits, in hex: tells two texts of ours apart; nobody attacks it. */
function fingerprintOf(text: string): string {
  let hash = 0xcbf2_9ce4_8422_2325n
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100_0000_01b3n)
  }
  return hash.toString(16).padStart(16, '0')
}
