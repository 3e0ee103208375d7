/** The networks of the site and the NICs of the box, in the words of the local API. Pure. */
import { parseAddress } from '../model/address.ts'
import type { DeviceConfig, Lan } from '../model/device-config.ts'
import type { HostLease } from '../model/host-lease.ts'
import type { NicLink } from '../model/host-state.ts'
import type { HostLeaseAnswer, LanAnswer, LansAnswer, NicAnswer } from '../model/local-api-lan.ts'
import { interfaceOf, kindOf } from '../model/nic.ts'
import type { Counters } from '../model/program.ts'
import type { LeaseFacts } from '../model/service.ts'
import { isInside } from './prefix.ts'
import type { Rates } from './rates.ts'

export interface LanFacts {
  /** Null without one. */
  readonly config: DeviceConfig | null
  readonly counters: Pick<Counters, 'ports'> | null
  readonly rates: Pick<Rates, 'ports'>
  readonly hosts: readonly HostLease[]
  /** Of uplinks, those that are used. */
  readonly leases: readonly LeaseFacts[]
}

export function composeLans(facts: LanFacts): LansAnswer {
  const { config, counters, rates } = facts
  const lans = config?.lans ?? []
  const nameOf = namer(config)
  const ups = new Map(counters?.ports.map(({ twin, isUp }) => [twin, isUp]))
  return {
    lans: lans.map((lan): LanAnswer => {
      const { name, nic, vlan = null, segment, address } = lan
      const here = facts.hosts.filter((host) => isInside(host.address, address))
      return {
        ...{ name, nic, vlan, segment, address: [...address] },
        isUp: ups.get(name) ?? null,
        throughput: rates.ports.get(name) ?? null,
        range: rangeOf(lan),
        leases: lan.dhcp === undefined ? [] : here.toSorted(byAddress).map(nameOf),
      }
    }),
    dns: dnsOf(facts),
  }
}

/** Hosts of several segments are not told to each other: then none has a name. */
function namer(config: DeviceConfig | null): (lease: HostLease) => HostLeaseAnswer {
  const served = (config?.lans ?? []).filter(({ dhcp }) => dhcp !== undefined)
  const areMixed = new Set(served.map(({ segment }) => segment)).size > 1
  const domain = config?.dns?.domain
  return ({ expiresInMs, ...lease }) => {
    const host = lease.hostName?.split('.')[0] ?? null
    const dnsName = host === null || areMixed ? null : host + (domain ? `.${domain}` : '')
    return {
      ...lease,
      dnsName,
      expiresInSeconds: expiresInMs === null ? null : expiresInMs / 1000,
    }
  }
}

function rangeOf({ dhcp }: Lan): LanAnswer['range'] {
  if (dhcp === undefined) return null
  const { from, to } = dhcp
  return { from, to, size: Number(numberOf(to) - numberOf(from)) + 1 }
}

/** As dnsmasq is told: plan/service.ts. */
function dnsOf({ config, leases }: LanFacts): LansAnswer['dns'] {
  const domain = config?.dns?.domain ?? null
  const own = config?.dns?.servers
  if (own !== undefined || config === null) return { domain, servers: own ?? [], isLent: false }
  const prefixes = config.peers.flatMap(({ segments }) => Object.values(segments).flat())
  const inside = [...config.lans.flatMap(({ address }) => address), ...prefixes]
  const lent = new Set(leases.flatMap(({ dnsServers }) => dnsServers))
  return { domain, servers: [...lent].filter((one) => !isInside(one, inside)), isLent: true }
}

function byAddress(one: HostLease, other: HostLease): number {
  return Number(numberOf(one.address) - numberOf(other.address))
}

function numberOf(address: string): bigint {
  return parseAddress(address)?.value ?? 0n
}

/** Those of the machine, then what the configuration names besides. */
export function composeNics(
  links: readonly NicLink[],
  config: DeviceConfig | null,
  counters: LanFacts['counters'],
): NicAnswer[] {
  const ports = [
    ...(config?.uplinks ?? []).map((port) => ({ kind: 'uplink' as const, port })),
    ...(config?.lans ?? []).map((port) => ({ kind: 'lan' as const, port })),
  ]
  const found = new Map(
    links.filter(({ isTap }) => !isTap).map((link) => [`netdev:${link.name}`, link]),
  )
  // The kernel does not see a NIC of DPDK; its twin has its MAC and MTU, as soon as the datapath has opened it.
  const twins = new Map(links.filter(({ isTap }) => isTap).map((link) => [link.name, link]))
  const ups = new Map(counters?.ports.map(({ twin, isUp }) => [twin, isUp]))
  const all = new Set([...found.keys(), ...ports.map(({ port }) => port.nic)])
  return [...all].map((nic) => {
    const link = found.get(nic)
    const own = ports.filter(({ port }) => port.nic === nic)
    const isPmd = kindOf(nic) === 'pmd'
    const opened = own.flatMap(({ port }) => (ups.has(port.name) ? [port.name] : []))
    const seen = (isPmd ? opened.map((name) => twins.get(name)) : [link]).filter(
      (one) => one !== undefined,
    )
    return {
      nic,
      isPresent: link !== undefined || isPmd,
      mac: seen[0]?.mac ?? null,
      // It takes what the largest of its ports sends.
      mtuBytes: seen.length === 0 ? null : Math.max(...seen.map((one) => one.mtuBytes)),
      hasCarrier: link?.hasCarrier ?? ups.get(opened[0] ?? '') ?? null,
      speedBitsPerSecond: link?.speedBps ?? null,
      place: link?.place ?? (isPmd ? interfaceOf(nic) : null),
      ports: own.map(({ kind, port: { name, vlan = null } }) => ({ kind, name, vlan })),
    }
  })
}
