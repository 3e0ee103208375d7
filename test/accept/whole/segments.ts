/**
 * Two segments at three sites, both families: who reaches whom is exactly what the configuration says, and nothing crosses
 * from one segment into another, not even from a peer that forges numbers of segments and inner sources.
 */
import type { AclRule } from '../../../firmware/model/device-config.ts'
import { describeWhole, type Family } from '../../lab/description.ts'
import { plantDrop } from '../../lab/faults.ts'
import { allHosts, awaitReachable, hostAddress, startNode } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { ip } from '../../lab/network.ts'
import {
  probeAll,
  type Reach,
  startWitnesses,
  type Witnesses,
  witnessPort,
} from '../../lab/reach.ts'
import { type AnyConfig, reconfigure } from '../../lab/reconfigure.ts'
import { freshDrops } from '../../lab/status.ts'
import type { Check, Line } from '../line.ts'

const families: readonly Family[] = [4, 6]
const probesOfAll = 100_000
const quickProbes = 25
const forgedProbes = 200
const quickForged = 20

/** One way between segments is open, at Berlin alone; two sites are apart inside a segment. */
const acl: readonly AclRule[] = [
  {
    name: 'recorder',
    action: 'allow',
    from: { segment: 'office', prefix: '10.1.0.0/24' },
    to: { segment: 'cameras', prefix: '10.1.20.0/24' },
    protocol: 'udp',
    ports: [witnessPort],
  },
  {
    name: 'oslo-not-lisbon',
    action: 'deny',
    from: { segment: 'cameras', prefix: 'fd00:3:20::/64' },
    to: { segment: 'cameras', prefix: 'fd00:2:20::/64' },
  },
  {
    name: 'lisbon-not-oslo',
    action: 'deny',
    from: { segment: 'cameras', prefix: 'fd00:2:20::/64' },
    to: { segment: 'cameras', prefix: 'fd00:3:20::/64' },
  },
]
const leak: AclRule = {
  name: 'leak',
  action: 'allow',
  from: { segment: 'cameras', prefix: '10.1.20.0/24' },
  to: { segment: 'office', prefix: '10.1.0.0/24' },
}

/** What the rules above say. */
function mayReach({ from, to, family }: Pick<Reach, 'from' | 'to' | 'family'>): boolean {
  const [fromSite, fromPlace] = from.split('-')
  const [toSite, toPlace] = to.split('-')
  if (fromPlace === toPlace) {
    const isApart = fromSite !== 'berlin' && toSite !== 'berlin'
    return !(family === 6 && fromPlace === 'cameras' && isApart)
  }
  return family === 4 && from === 'berlin-host' && to === 'berlin-cameras'
}

export const segments: Line = {
  name: 'segments',
  title: 'two segments at three sites, both families: reach exactly as configured, nothing across',
  isQuickBeside: true,
  faults: {
    'open-acl': 'across segments',
    'lost-packets': 'reach where',
    'honest-peers': 'forged',
  },
  measure: async ({ isQuick, fault }) => {
    const rules = fault === 'open-acl' ? [...acl, leak] : acl
    await using lab = await openLab(describeWhole(3, { acl: rules, endpoints: [4, 6] }))
    await ip(lab.netns('oslo-host'), [
      'address add 10.2.0.66/32 dev eth0',
      'address add fd00:2::66/128 dev eth0 nodad preferred_lft 0',
    ])
    const [witnesses] = await Promise.all([startWitnesses(lab), lab.start()])
    await everybodyUp(lab)
    const fifth = 'udp dport 51820 numgen inc mod 5 == 1'
    if (fault === 'lost-packets') await plantDrop(lab, 'internet', 'forward', fifth)
    const honest = await measureReach(lab, witnesses, isQuick)
    if (fault !== 'honest-peers') {
      await Promise.all(['lisbon', 'oslo'].map((site) => reconfigure(lab, site, tamper)))
    }
    return [
      ...honest,
      ...(await measureForged(lab, witnesses, isQuick ? quickForged : forgedProbes)),
    ]
  },
}

async function measureReach(lab: Lab, witnesses: Witnesses, isQuick: boolean): Promise<Check[]> {
  const pairs = allHosts(lab).length * (allHosts(lab).length - 1) * families.length
  const count = isQuick ? quickProbes : Math.ceil(probesOfAll / pairs)
  const found = await probeAll(lab, witnesses, { count, ratePps: isQuick ? 250 : 1_000 })
  const open = found.filter(mayReach)
  const closed = found.filter((one) => !mayReach(one))
  const lost = open.filter(({ answered, sent }) => answered < sent)
  const crossed = closed.filter(({ answered, arrived }) => answered > 0 || arrived > 0)
  const sum = (list: readonly Reach[], of: 'sent' | 'answered' | 'arrived'): number =>
    list.reduce((total, one) => total + one[of], 0)
  return [
    {
      check: 'reach where the configuration allows it',
      target: `${sum(open, 'sent')} probes of ${open.length} pairs answered`,
      figure: `${sum(open, 'answered')}${exampleOf(lost)}`,
      isOk: lost.length === 0 && open.length > 0,
    },
    {
      check: 'across segments, or where a rule denies',
      target: `0 of ${sum(closed, 'sent')} probes of ${closed.length} pairs arrive`,
      figure: `${sum(closed, 'arrived')}${exampleOf(crossed)}`,
      isOk: crossed.length === 0 && closed.length > 0,
    },
    {
      check: 'probes',
      target: isQuick ? '≥ 1,000' : `≥ ${probesOfAll}`,
      figure: String(sum(found, 'sent')),
      isOk: sum(found, 'sent') >= (isQuick ? 1_000 : probesOfAll),
    },
  ]
}

function exampleOf([one]: readonly Reach[]): string {
  if (one === undefined) return ''
  const { from, to, family, sent, answered, arrived } = one
  return `; ${from} → ${to}, IPv${family}: ${arrived} of ${sent} arrived, ${answered} answered`
}

/** Lisbon swaps the numbers of its segments; Oslo invents one, and has addresses of Lisbon's in its office. */
function tamper({ site, segments, lans, peers, ...rest }: AnyConfig): AnyConfig {
  const [office, cameras] = segments
  const others = { site, lans, peers, ...rest }
  if (site === 'lisbon') {
    const swapped = [
      { ...office, vni: cameras.vni },
      { ...cameras, vni: office.vni },
    ]
    return { ...others, segments: swapped }
  }
  const [lan, ...more] = lans
  return {
    ...others,
    segments: [office, { ...cameras, vni: 300 }],
    lans: [{ ...lan, address: [...lan.address, '10.2.0.65/26', 'fd00:2::65/112'] }, ...more],
    peers: peers.map((peer: AnyConfig) =>
      peer.name === 'lisbon' ? { ...peer, segments: { cameras: peer.segments.cameras } } : peer,
    ),
  }
}

/** Each lie, who tells it, and with which sources. */
const lies: readonly { readonly from: string; readonly sources: readonly string[] }[] = [
  { from: 'lisbon-host', sources: [] },
  { from: 'lisbon-cameras', sources: [] },
  { from: 'oslo-cameras', sources: [] },
  { from: 'oslo-host', sources: ['10.2.0.66', 'fd00:2::66'] },
]

async function measureForged(lab: Lab, witnesses: Witnesses, count: number): Promise<Check[]> {
  const seenBefore = await seenAtBerlin(witnesses)
  const before = await freshDrops(lab, 'berlin')
  await Promise.all(lies.map((lie) => tell(lab, lie, count)))
  const after = await freshDrops(lab, 'berlin')
  const delivered = (await seenAtBerlin(witnesses)) - seenBefore
  const sent = lies.length * 2 * families.length * count
  const reasons = Object.entries(after.reasons)
    .map(([reason, total]) => [reason, total - (before.reasons[reason] ?? 0)] as const)
    .filter(([, total]) => total > 0)
  const counted = reasons.reduce((sum, [, total]) => sum + total, 0)
  return [
    {
      check: 'forged numbers of segments and spoofed inner sources: delivered',
      target: `0 of ${sent}`,
      figure: String(delivered),
      isOk: delivered === 0,
    },
    {
      check: 'forged: each counted under its reason',
      target: `≥ ${sent / 2}, at Berlin`,
      figure: reasons.map(([reason, total]) => `${total} ${reason}`).join(', ') || 'none',
      // Half of them go to a segment that the liar's own box keeps apart.
      isOk: counted >= sent / 2,
    },
  ]
}

/** Sends probes to both hosts at Berlin, in both families. */
async function tell(
  lab: Lab,
  { from, sources }: (typeof lies)[number],
  count: number,
): Promise<void> {
  const targets = ['berlin-host', 'berlin-cameras'].flatMap((to) =>
    families.map((family) => hostAddress(lab, to, family)),
  )
  const words = [...sources.map((source) => `source=${source}`), ...targets]
  const program = startNode(lab, from, 'udp-probe.ts', [witnessPort, count, 200, ...words])
  await program.line((line) => line.includes('"probed"'), 60_000)
}

async function seenAtBerlin(witnesses: Witnesses): Promise<number> {
  const seen = await witnesses.seen()
  const counts = ['berlin-host', 'berlin-cameras'].flatMap((host) =>
    Object.values(seen.get(host) ?? {}),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

async function everybodyUp(lab: Lab): Promise<void> {
  const sites = lab.sites.map(({ name }) => name)
  const waits = sites.flatMap((from) =>
    sites
      .filter((to) => to !== from)
      .flatMap((to) => families.map((family) => awaitReachable(lab, from, to, family))),
  )
  await Promise.all(waits)
}
