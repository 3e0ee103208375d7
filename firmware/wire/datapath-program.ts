/**
 * A program as the bytes of `struct cw_program_head` and its arrays: `native/dataplane/include/causeway_dp.h` says what each
 * field means. Names become indices here. See datapath.ts.
 */
import { CausewayError } from '../model/errors.ts'
import type { RouteProgram } from '../model/peer-program.ts'
import type { MatchProgram, PolicyProgram } from '../model/policy-program.ts'
import type { PortProgram } from '../model/port-program.ts'
import type { AclProgram, Program } from '../model/program.ts'
import { RecordWriter } from './bytes.ts'
import { interfaceBytes, nameBytes, recordSizes } from './datapath.ts'
import { ipBytes } from './ip.ts'

const netnsBytes = 64
const deviceBytes = 64
const serverBytes = 64
const mac1KeyBytes = 32
const identityBytes = 48
const preferMost = 8
const overlayPortsMost = 4
const noLimit = 0xffff_ffff
const anySegment = 0xffff
const anyDscp = 0xff
const networks = { internet: 1, private: 2 } as const
const metered = { never: 1, last: 2, ok: 3 } as const
const marks = { '': 0, class: 1, copy: 2, none: 3 } as const
const classCount = 4

/** Where a name stands in its list. */
interface Indices {
  readonly segment: ReadonlyMap<string, number>
  readonly peer: ReadonlyMap<string, number>
  readonly policy: ReadonlyMap<string, number>
}

/** @throws WIRE_INVALID with a pointer to a name that does not fit or stands for nothing */
export function encodeProgram(program: Program): Buffer {
  const { mac1Keys, ports, segments, peers, routes, acl, policies, matches, paths } = program
  const size =
    recordSizes.programHead +
    mac1KeyBytes * mac1Keys.length +
    recordSizes.port * ports.length +
    recordSizes.segment * segments.length +
    recordSizes.peer * peers.length +
    recordSizes.route * routes.length +
    recordSizes.acl * acl.length +
    recordSizes.policy * policies.length +
    recordSizes.match * matches.length +
    recordSizes.path * paths.length
  const out = new RecordWriter(size).u64(program.generation)
  for (const list of [mac1Keys, ports, segments, peers, routes, acl, policies, matches, paths]) {
    out.u32(list.length)
  }
  out.u8(Number(program.isTransit)).zeros(3)
  const at: Indices = {
    segment: indexByName(segments),
    peer: indexByName(peers),
    policy: indexByName(policies),
  }
  for (const key of mac1Keys) out.bytes(key, mac1KeyBytes)
  ports.forEach((port, i) => void putPort(out, port, at, `/ports/${i}`))
  for (const { name, twin, vni, upBps, downBps } of segments) {
    out.name(name, nameBytes).name(twin, interfaceBytes).u32(vni).u32(0).u64(upBps).u64(downBps)
  }
  for (const { name, identity, isHub, limitBps } of peers) {
    out
      .name(name, nameBytes)
      .bytes(identity, identityBytes)
      .u8(Number(isHub))
      .zeros(7)
      .u64(limitBps)
  }
  routes.forEach((route, i) => void putRoute(out, route, at, `/routes/${i}`))
  acl.forEach((rule, i) => void putRule(out, rule, at, `/acl/${i}`))
  policies.forEach((policy, i) => void putPolicy(out, policy, `/policies/${i}`))
  matches.forEach((match, i) => void putMatch(out, match, at, `/matches/${i}`))
  paths.forEach(({ peer, uplink, remoteAddress, remotePort }, i) => {
    out.address(remoteAddress).u16(lookUp(at.peer, peer, `/paths/${i}/peer`))
    out.u16(remotePort).u8(uplink).zeros(3)
  })
  return out.end()
}

function putPort(out: RecordWriter, port: PortProgram, at: Indices, path: string): void {
  const isUplink = port.role === 'uplink'
  out.name(port.twin, interfaceBytes).name(port.nic, deviceBytes).name(port.nicNetns, netnsBytes)
  out.u8(isUplink ? 1 : 2).u8(port.uplink)
  out.u16(isUplink ? 0 : lookUp(at.segment, port.segment, `${path}/segment`))
  out.u16(port.overlayPort).u16(port.vlan)
  out.u8(port.kind === 'pmd' ? 1 : 0).u8(port.queues)
  out.u16(port.mtu).u32(port.table)
  out
    .u64(port.upBps)
    .u64(port.downBps)
    .u8(port.network === '' ? 0 : networks[port.network])
  out.u8(Number(port.isMetered)).u8(Number(port.isBackup)).u8(port.risk)
  if (port.overlayPorts.length > overlayPortsMost) {
    const place = { path: `${path}/overlayPorts` }
    throw new CausewayError('WIRE_INVALID', `more than ${overlayPortsMost}`, place)
  }
  for (const number of port.overlayPorts) out.u16(number)
  out
    .zeros(2 * (overlayPortsMost - port.overlayPorts.length))
    .u16(port.sprayPort)
    .u8(marks[port.marks])
    .u8(port.internetPercent)
  const shapes = Array.from({ length: classCount }, (_, at) => port.classes[at])
  for (const shape of shapes) out.u16(shape?.weight ?? 0)
  for (const shape of shapes) out.u8(shape?.capPercent ?? 0)
  out.zeros(4)
}

function putRoute(out: RecordWriter, route: RouteProgram, at: Indices, path: string): void {
  const { address, bits } = prefixOf(route.prefix, `${path}/prefix`)
  out.bytes(address, 16)
  out.u16(lookUp(at.segment, route.segment, `${path}/segment`))
  out.u16(lookUp(at.peer, route.peer, `${path}/peer`))
  out.u8(bits).u8(route.rank).zeros(2)
}

function putRule(out: RecordWriter, rule: AclProgram, at: Indices, path: string): void {
  const source = prefixOf(rule.source, `${path}/source`)
  const destination = prefixOf(rule.destination, `${path}/destination`)
  out.name(rule.name, nameBytes).bytes(source.address, 16).bytes(destination.address, 16)
  out.u8(source.bits).u8(destination.bits)
  out.u16(lookUp(at.segment, rule.fromSegment, `${path}/fromSegment`))
  out.u16(lookUp(at.segment, rule.toSegment, `${path}/toSegment`))
  out.u8(rule.protocol).u8(rule.action === 'allow' ? 1 : 2)
  out.u16(rule.sourcePorts[0]).u16(rule.sourcePorts[1])
  out.u16(rule.destinationPorts[0]).u16(rule.destinationPorts[1])
}

function putPolicy(out: RecordWriter, policy: PolicyProgram, path: string): void {
  const { prefer, kinds } = policy
  if (prefer.length > preferMost) {
    throw new CausewayError('WIRE_INVALID', `more than ${preferMost}`, { path: `${path}/prefer` })
  }
  out.name(policy.name, nameBytes)
  out.u32(policy.lossPpm ?? noLimit).u32(policy.latencyUs ?? noLimit)
  out.u32(policy.jitterUs ?? noLimit).u8(metered[policy.metered])
  out.u8((kinds.includes('internet') ? 1 : 0) | (kinds.includes('private') ? 2 : 0))
  out.u8(Number(policy.isStrict)).u8(Number(policy.isSpread))
  out.u8(Number(policy.isBreakoutDenied)).u8(prefer.length)
  for (const uplink of prefer) out.u8(uplink)
  out
    .zeros(preferMost - prefer.length)
    .u8(policy.class === null ? 0 : policy.class + 1)
    .zeros(5)
}

function putMatch(out: RecordWriter, match: MatchProgram, at: Indices, path: string): void {
  const source = prefixOf(match.source, `${path}/source`)
  const destination = prefixOf(match.destination, `${path}/destination`)
  out.name(match.application, nameBytes).name(match.server, serverBytes)
  out.bytes(source.address, 16).bytes(destination.address, 16)
  out.u16(lookUp(at.policy, match.policy, `${path}/policy`))
  const { segment } = match
  out.u16(segment === '' ? anySegment : lookUp(at.segment, segment, `${path}/segment`))
  out.u16(match.sourcePorts[0]).u16(match.sourcePorts[1])
  out.u16(match.destinationPorts[0]).u16(match.destinationPorts[1])
  out.u8(source.bits).u8(destination.bits)
  out.u8(match.protocol).u8(match.dscp ?? anyDscp)
}

/** '' is every address of either family. Bits are of the 128. */
function prefixOf(text: string, path: string): { address: Uint8Array; bits: number } {
  if (text === '') return { address: new Uint8Array(16), bits: 0 }
  const [address = '', length = ''] = text.split('/')
  const isV4 = !address.includes(':')
  const bits = /^\d{1,3}$/.test(length) ? Number(length) + (isV4 ? 96 : 0) : Number.NaN
  if (!(bits <= 128)) throw new CausewayError('WIRE_INVALID', `no prefix: ${text}`, { path })
  return { address: ipBytes(address), bits }
}

function indexByName(list: readonly { readonly name: string }[]): ReadonlyMap<string, number> {
  return new Map(list.map(({ name }, i) => [name, i]))
}

function lookUp(indices: ReadonlyMap<string, number>, name: string, path: string): number {
  const index = indices.get(name)
  if (index === undefined) throw new CausewayError('WIRE_INVALID', `unknown: ${name}`, { path })
  return index
}
