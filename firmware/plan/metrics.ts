/** The metrics of one device as text. Pure. Labels are bounded by the configuration and never by traffic. */
import type { Status } from '../model/local-api.ts'
import { reachKinds } from '../model/local-api-reach.ts'
import { natMappings } from '../model/nat.ts'
import type { Counters } from '../model/program.ts'
import type { Queues } from '../model/queue-counters.ts'
import { family, type Labels, sample } from './exposition.ts'
import { pathFamilies } from './path-metrics.ts'
import type { PathsByPeer } from './path-status.ts'
import { queueFamilies } from './queue-metrics.ts'
import type { SessionFacts } from './status.ts'

export const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

/** By reason: answered, limited, malformed. */
export type StunCounts = Readonly<Record<string, number>>
/** By reason: unauthentic, unknown, malformed … */
export type StrayCounts = Readonly<Record<string, number>>

/** @param counters null while the datapath cannot be reached: its metrics are then absent, not zero */
export function renderMetrics(
  status: Status,
  counters: Counters | null,
  sessions: readonly SessionFacts[],
  paths: PathsByPeer,
  stun: StunCounts | null = null,
  strays: StrayCounts = {},
  queues: Queues | null = null,
): string {
  const site = { site: status.site ?? '' }
  const families = [
    family('healthy_ratio', 'gauge', 'Whether everything configured works (0 or 1).', [
      sample(site, status.isHealthy ? 1 : 0),
    ]),
    family('config_revision', 'gauge', 'Revision of the running configuration.', [
      ...(status.revision === null ? [] : [sample(site, status.revision)]),
    ]),
    family('gateway_uptime_seconds', 'gauge', 'Age of the gateway process.', [
      sample(site, status.uptimeSeconds),
    ]),
    family(
      'peer_up_ratio',
      'gauge',
      'Whether a session with the peer is up (0 or 1).',
      status.peers.map(({ name, state }) =>
        sample({ ...site, peer: name }, state === 'up' ? 1 : 0),
      ),
    ),
    ...reachFamilies(site, status),
    ...natFamilies(site, status),
    ...stunFamilies(site, stun),
    ...strayFamilies(site, strays),
    ...sessionFamilies(site, sessions),
    ...(counters === null ? [] : datapathFamilies(site, status, counters)),
    ...pathFamilies(site, paths),
    ...queueFamilies(site, queues),
  ]
  return families.filter((text) => text !== '').join('')
}

function reachFamilies(site: Labels, { peers }: Status): string[] {
  return [
    family(
      'peer_reach',
      'gauge',
      'How the peer is reached: 1 for directly, relayed or none, 0 for the other two.',
      peers.flatMap(({ name, reach }) =>
        reachKinds.map((how) => sample({ ...site, peer: name, how }, Number(reach.how === how))),
      ),
    ),
  ]
}

function natFamilies(site: Labels, { uplinks }: Status): string[] {
  const readings = uplinks.flatMap(({ name, nat }) =>
    nat.map((one) => ({ one, labels: { ...site, uplink: name, family: `ipv${one.family}` } })),
  )
  return [
    family(
      'uplink_nat',
      'gauge',
      'What the NAT before the uplink maps by (RFC 4787): 1 for that, 0 for the others; `none` is no NAT.',
      readings.flatMap(({ one, labels }) =>
        natMappings.map((mapping) =>
          sample({ ...labels, mapping }, Number(one.mapping === mapping)),
        ),
      ),
    ),
    family(
      'uplink_stun_blocked',
      'gauge',
      'Whether no STUN server answers by the uplink (0 or 1).',
      readings.map(({ one, labels }) => sample(labels, Number(one.isBlocked))),
    ),
  ]
}

function stunFamilies(site: Labels, stun: StunCounts | null): string[] {
  const counts = Object.entries(stun ?? {})
  return [
    family(
      'stun_requests_total',
      'counter',
      'STUN requests of others, by what became of them; of a box that relays.',
      counts.map(([reason, count]) => sample({ ...site, reason }, count)),
    ),
  ]
}

function strayFamilies(site: Labels, strays: StrayCounts): string[] {
  return [
    family(
      'stray_handshakes_total',
      'counter',
      'Handshake messages that led to no session, by reason.',
      Object.entries(strays).map(([reason, count]) => sample({ ...site, reason }, count)),
    ),
  ]
}

function sessionFamilies(site: Labels, sessions: readonly SessionFacts[]): string[] {
  const perPeer = (pick: (session: SessionFacts) => number): string[] =>
    sessions.map((session) => sample({ ...site, peer: session.peer }, pick(session)))
  const failures = sessions.flatMap((session) =>
    Object.entries(session.failures).map(([reason, count]) =>
      sample({ ...site, peer: session.peer, reason }, count),
    ),
  )
  return [
    family(
      'peer_handshakes_total',
      'counter',
      'Sessions that began with the peer.',
      perPeer(({ handshakes }) => handshakes),
    ),
    family(
      'peer_rekeys_total',
      'counter',
      'Rekeys of sessions with the peer.',
      perPeer(({ rekeys }) => rekeys),
    ),
    family(
      'peer_handshake_failures_total',
      'counter',
      'Handshakes and rekeys with the peer that failed, by reason.',
      failures,
    ),
  ]
}

function datapathFamilies(site: Labels, status: Status, counters: Counters): string[] {
  const uplinks = new Set(status.uplinks.map(({ name }) => name))
  const perPort = (pick: (port: Counters['ports'][number]) => [number, number]): string[] =>
    counters.ports.flatMap((port) => {
      const labels = { ...site, [uplinks.has(port.twin) ? 'uplink' : 'lan']: port.twin }
      const [rx, tx] = pick(port)
      return [
        sample({ ...labels, direction: 'rx' }, rx),
        sample({ ...labels, direction: 'tx' }, tx),
      ]
    })
  const perPeer = (pick: (peer: Counters['peers'][number]) => [number, number]): string[] =>
    counters.peers.flatMap((peer) => {
      const labels = { ...site, peer: peer.peer }
      const [rx, tx] = pick(peer)
      return [
        sample({ ...labels, direction: 'rx' }, rx),
        sample({ ...labels, direction: 'tx' }, tx),
      ]
    })
  const rtts = counters.peers.flatMap(({ peer, rttUs }) =>
    rttUs === null ? [] : [sample({ ...site, peer }, rttUs / 1e6)],
  )
  const drops = Object.entries(counters.drops).map(([reason, count]) =>
    sample({ ...site, reason }, count),
  )
  return [
    family('datapath_uptime_seconds', 'gauge', 'Age of the datapath process.', [
      sample(site, counters.uptimeMs / 1000),
    ]),
    family('datapath_generation', 'gauge', 'Generation of the running program.', [
      sample(site, counters.generation),
    ]),
    family('datapath_keypairs', 'gauge', 'Keypairs installed and not yet erased.', [
      sample(site, counters.keypairs),
    ]),
    family('datapath_small_buffers', 'gauge', 'Small packet buffers in use.', [
      sample(site, counters.buffers.small),
    ]),
    family('datapath_large_buffers', 'gauge', 'Large packet buffers in use.', [
      sample(site, counters.buffers.large),
    ]),
    family(
      'datapath_left_out',
      'gauge',
      "What the kernel has and the datapath's tables have no room for, by kind.",
      Object.entries(counters.overflow).map(([kind, count]) => sample({ ...site, kind }, count)),
    ),
    family('dropped_packets_total', 'counter', 'Packets dropped, by reason.', drops),
    family('peer_rtt_seconds', 'gauge', 'Smoothed round trip to the peer.', rtts),
    family(
      'peer_packets_total',
      'counter',
      'Inner packets exchanged with the peer.',
      perPeer(({ rxPackets, txPackets }) => [rxPackets, txPackets]),
    ),
    family(
      'peer_bytes_total',
      'counter',
      'Inner bytes exchanged with the peer.',
      perPeer(({ rxBytes, txBytes }) => [rxBytes, txBytes]),
    ),
    family(
      'relayed_packets_total',
      'counter',
      'Sealed datagrams of the peer that were forwarded to others.',
      counters.peers.map(({ peer, relayedPackets }) => sample({ ...site, peer }, relayedPackets)),
    ),
    family(
      'relayed_bytes_total',
      'counter',
      'The same in bytes of UDP payload.',
      counters.peers.map(({ peer, relayedBytes }) => sample({ ...site, peer }, relayedBytes)),
    ),
    family(
      'relay_limited_packets_total',
      'counter',
      'Sealed datagrams of the peer that were not, since the rate of their channel was used up.',
      counters.peers.map(({ peer, limitedPackets }) => sample({ ...site, peer }, limitedPackets)),
    ),
    family(
      'relay_limited_bytes_total',
      'counter',
      'The same in bytes of UDP payload.',
      counters.peers.map(({ peer, limitedBytes }) => sample({ ...site, peer }, limitedBytes)),
    ),
    family(
      'port_packets_total',
      'counter',
      'Frames on the NIC.',
      perPort(({ rxPackets, txPackets }) => [rxPackets, txPackets]),
    ),
    family(
      'port_bytes_total',
      'counter',
      'Bytes on the NIC.',
      perPort(({ rxBytes, txBytes }) => [rxBytes, txBytes]),
    ),
    family(
      'port_buffers_total',
      'counter',
      'Buffers on the NIC: fewer than frames where trains cross whole.',
      perPort(({ rxBuffers, txBuffers }) => [rxBuffers, txBuffers]),
    ),
  ]
}
