/**
 * The part of the firewall that says who may reach the box itself: nobody, but for what is named here. From an uplink
 * come the overlay's datagrams, STUN, answers, and ICMP; from a segment ICMP and the services that the segment is
 * given, and only at the box's addresses in that segment. Pure. ICMP as RFC 4890 and RFC 5927 advise.
 */
import type { DeviceConfig, Lan } from '../model/device-config.ts'
import { ownMark, speedSets } from '../model/host-state.ts'
import { filteringPorts, stunPort } from '../model/nat.ts'
import {
  answers,
  type Chain,
  familiesOf,
  fromOutside,
  marksInside,
  portsText,
  quoted,
  setOf,
  toOutside,
} from './firewall-text.ts'
import { overlayPorts } from './overlay-port.ts'
import type { Port } from './ports.ts'
import { addressOf, isIpv6 } from './prefix.ts'

export interface BoxInput {
  readonly config: DeviceConfig
  readonly ports: readonly Port[]
  readonly segmentTwins: ReadonlyMap<string, string>
}

export function boxChains(input: BoxInput, comment: string): Chain[] {
  const { config, segmentTwins } = input
  const verdicts = config.segments.flatMap(({ name }) => [
    ...config.lans
      .filter(({ segment }) => segment === name)
      .map((lan) => `${quoted(lan.name)} : jump ${chainOf(name)}`),
    `${quoted(segmentTwins.get(name)!)} : jump ${chainOf(name)}`,
  ])
  const toSegments =
    verdicts.length === 0 ? [] : [`iifgroup ${ownMark} iifname vmap ${setOf(verdicts)}`]
  return [
    uplinkChain(config, comment),
    ...config.segments.map(({ name }) => segmentChain(input, name)),
    {
      head: ['  chain input {', '    type filter hook input priority filter; policy accept;'],
      rules: [`iifname @own ${marksInside}`, `${fromOutside} jump from_uplink`, ...toSegments],
    },
  ]
}

function chainOf(segment: string): string {
  return `box-${segment}`
}

const errors4 = 'destination-unreachable, time-exceeded, parameter-problem'
const errors6 = `${errors4}, packet-too-big`
const neighbours = 'nd-neighbor-solicit, nd-neighbor-advert'
/** Queries and reports of multicast listeners (RFC 3810) come from link-local addresses. */
const listeners = [
  'ip6 saddr { fe80::/10, :: } icmpv6 type { mld-listener-query, mld-listener-report, ' +
    'mld-listener-done, mld2-listener-report } accept',
  'ip protocol igmp accept',
]

function uplinkChain({ overlay, uplinks }: DeviceConfig, comment: string): Chain {
  const lent = uplinks.filter(({ address }) => address === 'dhcp').map(({ name }) => quoted(name))
  const errors = 'limit rate 100/second burst 50 packets accept'
  const echo = 'limit rate 10/second burst 20 packets accept'
  return {
    head: ['  chain from_uplink {'],
    rules: [
      'ip saddr @inside4 counter name forged_inside drop',
      'ip6 saddr @inside6 counter name forged_inside drop',
      `udp dport ${portsText(overlayPorts(overlay))} accept`,
      ...stunRules(overlay),
      ...answers,
      ...(lent.length === 0 ? [] : [`iifname ${setOf(lent)} udp sport 67 udp dport 68 accept`]),
      // A hop limit of 255 says that it was sent on this very link (RFC 4861 §7.1).
      `ip6 hoplimit 255 icmpv6 type { ${neighbours}, nd-router-advert } accept`,
      ...listeners,
      `icmp type { ${errors4} } ${errors}`,
      `icmpv6 type { ${errors6} } ${errors}`,
      `icmp type echo-request ${echo}`,
      `icmpv6 type echo-request ${echo}`,
      `counter name denied_uplink drop comment "${comment}"`,
    ],
  }
}

/** STUN's cookie and transaction (RFC 8489 §5), by where they lie behind the header of UDP. */
const stunCookie = '@th,96,32 0x2112a442'
const stunTransaction = '@th,128,96'
const testPorts = `${filteringPorts.first}-${filteringPorts.first + filteringPorts.count - 1}`

/** Transactions of the box's own questions from fresh ports: so long may their answers come. Nobody else adds to it. */
export const stunAsked = {
  name: 'stun_asked',
  lines: [
    '  set stun_asked {',
    `    typeof ${stunTransaction}`,
    '    size 1024',
    '    flags dynamic,timeout',
    '    timeout 3s',
    '  }',
  ],
} as const

/** For what the box sends. */
export const notesStun = `${toOutside} udp sport ${testPorts} ${stunCookie} update @${stunAsked.name} { ${stunTransaction} }`

/**
 * A hub answers STUN on a port that the datapath does not look at, so its rate is kept here. Answers to the box's own
 * questions what NATs let through come from where nobody was asked, but bear the transaction of a question.
 */
function stunRules({ relay }: DeviceConfig['overlay']): string[] {
  const limited = `limit rate over 1000/second burst 200 packets counter name limited_stun drop`
  return [
    ...(relay === undefined
      ? []
      : [`udp dport ${stunPort} ${limited}`, `udp dport ${stunPort} accept`]),
    `udp dport ${testPorts} ${stunCookie} ${stunTransaction} @${stunAsked.name} accept`,
  ]
}

/**
 * Who is let in from the overlay for a speed test that both boxes have agreed on (gateway/diagnose). What is added has a time of
 * its own, so that nothing stays open behind a gateway that died; a new table begins with none.
 */
export const speedSetLines = ([4, 6] as const).flatMap((family) => [
  `  set ${speedSets[family]} {`,
  `    type ipv${family}_addr . ipv${family}_addr . inet_service`,
  '    size 4',
  '    flags timeout',
  '    timeout 30s',
  '  }',
])

function speedRules(twin: string): string[] {
  return [
    `iifname ${quoted(twin)} ip saddr . ip daddr . tcp dport @${speedSets[4]} accept`,
    `iifname ${quoted(twin)} ip6 saddr . ip6 daddr . tcp dport @${speedSets[6]} accept`,
  ]
}

function segmentChain({ config, ports, segmentTwins }: BoxInput, segment: string): Chain {
  const own = familiesOf(
    config.lans
      .filter((lan) => lan.segment === segment)
      .flatMap(({ name }) => ports.filter((port) => port.name === name))
      .flatMap(({ addresses }) => addresses.map(addressOf)),
  )
  const served = config.lans.filter((lan) => lan.segment === segment && lan.dhcp !== undefined)
  const isAdmin = config.segments.find(({ name }) => name === segment)?.admin === true
  // What is sent to all on the link is not sent to another segment's address.
  const v4 = setOf(['255.255.255.255', '224.0.0.0/4', ...own.v4])
  const v6 = setOf(['fe80::/10', 'ff00::/8', ...own.v6])
  return {
    head: [`  chain ${chainOf(segment)} {`],
    rules: [
      `ip6 hoplimit 255 icmpv6 type { ${neighbours}, nd-router-solicit } accept`,
      ...listeners,
      ...lansRule(served, 'udp sport 68 udp dport 67'),
      ...lansRule(
        served.filter(({ address }) => address.some(isIpv6)),
        'udp sport 546 udp dport 547',
      ),
      `ip daddr != ${v4} counter name denied_foreign_box drop`,
      `ip6 daddr != ${v6} counter name denied_foreign_box drop`,
      ...answers,
      `icmp type { echo-request, ${errors4} } accept`,
      `icmpv6 type { echo-request, ${errors6} } accept`,
      ...lansRule(served, 'meta l4proto { tcp, udp } th dport 53'),
      // SSH and the local API.
      ...(isAdmin ? ['tcp dport { 22, 80, 443 } accept'] : []),
      ...speedRules(segmentTwins.get(segment)!),
      'counter name denied_box drop',
    ],
  }
}

function lansRule(lans: readonly Lan[], match: string): string[] {
  return lans.length === 0
    ? []
    : [`iifname ${setOf(lans.map(({ name }) => quoted(name)))} ${match} accept`]
}
