/**
 * A machine's network in memory, for tests: steps change it as linux.ts would change the kernel, and readings
 * tell what it looks like. It refuses what the kernel would refuse.
 */

import { CausewayError } from '../../model/errors.ts'
import type {
  HostReading,
  LinkReading,
  NicFacts,
  RouteState,
  RuleState,
  Step,
  SysctlState,
} from '../../model/host-state.ts'
import type { Net } from './net.ts'

export interface FakeNet extends Net {
  /** Every step that was applied, oldest first. */
  readonly applied: readonly Step[]
  /** Names of the twins that are held. */
  readonly held: readonly string[]
  /** A NIC is plugged in, into the own namespace. */
  plug(nic: NicFacts): void
  /** A NIC or twin vanishes, wherever it is. */
  remove(name: string): void
  /** The next `apply` fails as if a command had. */
  failNext(): void
  /** As `nft flush ruleset` would. */
  flushFirewall(): void
}

interface FakeMachine {
  netns: string | null
  readonly links: Map<string, LinkReading>
  readonly nics: Map<string, LinkReading>
  readonly routes: Map<string, RouteState>
  readonly rules: Map<string, RuleState>
  readonly sysctls: Map<string, SysctlState>
  firewall: HostReading['firewall']
}

export function fakeNet(plugged: readonly NicFacts[] = []): FakeNet {
  const machine: FakeMachine = {
    netns: null,
    links: new Map(plugged.map((nic) => [nic.name, newLink(nic)])),
    nics: new Map(),
    routes: new Map(),
    rules: new Map(),
    sysctls: new Map(),
    firewall: null,
  }
  const applied: Step[] = []
  let held: readonly string[] = []
  let mustFail = false
  let isClaimed = false
  return {
    applied,
    get held() {
      return held
    },
    plug: (nic) => machine.links.set(nic.name, newLink(nic)),
    remove: (name) => {
      machine.links.delete(name)
      machine.nics.delete(name)
    },
    failNext: () => {
      mustFail = true
    },
    flushFirewall: () => {
      machine.firewall = null
    },
    claim: async () => {
      if (isClaimed) throw new CausewayError('HOST_IN_USE', 'the namespace is held')
      isClaimed = true
      return {
        [Symbol.asyncDispose]: async () => {
          isClaimed = false
        },
      }
    },
    nics: async () =>
      [...machine.nics.values(), ...machine.links.values()].filter(({ tunnel }) => tunnel === null),
    nicLinks: async () =>
      [...machine.nics.values(), ...machine.links.values()]
        .filter(({ tunnel }) => tunnel?.kind !== 'tun')
        .map(({ name, mac, mtuBytes, tunnel }) => {
          const told = { hasCarrier: true, speedBps: 1e9, place: null }
          return { name, mac, mtuBytes, ...told, isTap: tunnel !== null }
        }),
    read: async () => ({
      hasNetns: machine.netns !== null,
      hasIpv6: true,
      links: [...machine.links.values()],
      nics: [...machine.nics.values()],
      routes: [...machine.routes.values()],
      rules: [...machine.rules.values()],
      sysctls: [...machine.sysctls.values()],
      firewall: machine.firewall,
    }),
    apply: async (steps, signal) => {
      for (const step of steps) {
        signal?.throwIfAborted()
        if (mustFail) {
          mustFail = false
          throw new CausewayError('HOST_COMMAND_FAILED', 'a command failed')
        }
        take(machine, step)
        applied.push(step)
      }
    },
    hold: (twins) => {
      held = twins.map(({ name }) => name)
    },
  }
}

function newLink(facts: NicFacts): LinkReading {
  const sizes = { gsoMaxBytes: 65_536, groMaxBytes: 65_536 }
  const off = { isUp: false, isAllmulti: false, isOurs: false, tunnel: null }
  return { ...facts, ...sizes, ...off, addresses: [], validSeconds: {}, features: {} }
}

function take(machine: FakeMachine, step: Step): void {
  switch (step.kind) {
    case 'add-netns':
      machine.netns = step.netns
      return
    case 'set-sysctl':
      machine.sysctls.set(`${step.sysctl.scope} ${step.sysctl.key}`, step.sysctl)
      return
    case 'load-firewall':
      machine.firewall = step.firewall
      return
    case 'move-nic':
      move(machine.links, machine.nics, step.nic)
      return
    case 'return-nic':
      move(machine.nics, machine.links, step.nic)
      return
    case 'add-rule':
      machine.rules.set(JSON.stringify(step.rule), step.rule)
      return
    case 'remove-rule':
      machine.rules.delete(JSON.stringify(step.rule))
      return
    case 'set-route':
    case 'remove-route':
      takeRoute(machine, step.kind, step.route)
      return
    default:
      takeLink(machine, step)
  }
}

function takeRoute(machine: FakeMachine, kind: Step['kind'], route: RouteState): void {
  const key = `${route.table} ${route.prefix} ${route.metric}`
  if (kind === 'remove-route') machine.routes.delete(key)
  else {
    if (route.device !== null) existing(machine.links, route.device)
    machine.routes.set(key, route)
  }
}

function takeLink({ links, nics }: FakeMachine, step: Step): void {
  const change = (map: Map<string, LinkReading>, name: string, to: Partial<LinkReading>): void => {
    map.set(name, { ...existing(map, name), ...to })
  }
  switch (step.kind) {
    case 'add-twin':
    case 'replace-twin': {
      const { name, kind, mac } = step.twin
      if (step.kind === 'add-twin' && links.has(name)) throw refused(`${name} exists`)
      const link = newLink({ name, mac: mac ?? '', mtuBytes: 1500, tsoMaxBytes: 65_536 })
      links.set(name, { ...link, isOurs: true, tunnel: { kind, isFit: true } })
      return
    }
    case 'set-twin': {
      const { name, mac, mtuBytes, gsoMaxBytes } = step.twin
      const address = mac === null ? {} : { mac }
      change(links, name, { ...address, mtuBytes, gsoMaxBytes, isUp: true, isOurs: true })
      return
    }
    case 'set-nic': {
      const { name, mtuBytes, gsoMaxBytes, groMaxBytes } = step.nic
      const { tsoMaxBytes } = existing(nics, name)
      if (gsoMaxBytes > (tsoMaxBytes ?? gsoMaxBytes)) throw refused('gso_max_size')
      const sizes = { ...(mtuBytes === null ? {} : { mtuBytes }), gsoMaxBytes, groMaxBytes }
      change(nics, name, { ...sizes, isUp: true, isAllmulti: true })
      return
    }
    case 'set-features': {
      const { features } = existing(nics, step.nic)
      const changed = [...step.on, ...step.off].map(
        (name) => [name, { isOn: step.on.includes(name), isFixed: false }] as const,
      )
      change(nics, step.nic, { features: { ...features, ...Object.fromEntries(changed) } })
      return
    }
    case 'add-address': {
      const { device, address, validSeconds } = step
      const { addresses, validSeconds: before } = existing(links, device)
      const { [address]: _, ...others } = before
      change(links, device, {
        addresses: [...addresses.filter((one) => one !== address), address],
        validSeconds: validSeconds === null ? others : { ...others, [address]: validSeconds },
      })
      return
    }
    case 'remove-address': {
      const { addresses } = existing(links, step.device)
      change(links, step.device, { addresses: addresses.filter((one) => one !== step.address) })
      return
    }
    case 'remove-twin':
      existing(links, step.name)
      links.delete(step.name)
  }
}

function move(from: Map<string, LinkReading>, to: Map<string, LinkReading>, name: string): void {
  const link = existing(from, name)
  from.delete(name)
  // As the kernel does: down, and without addresses.
  to.set(name, { ...link, isUp: false, addresses: [] })
}

function existing(map: ReadonlyMap<string, LinkReading>, name: string): LinkReading {
  const link = map.get(name)
  if (link === undefined) throw refused(`cannot find device ${name}`)
  return link
}

function refused(message: string): CausewayError {
  return new CausewayError('HOST_COMMAND_FAILED', message)
}
