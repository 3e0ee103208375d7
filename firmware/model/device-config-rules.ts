/**
 * The rules that span fields of a device configuration: names, keys, references. Each broken one is a coded
 * error with a JSON pointer.
 * Addresses and prefixes have their rules in address-rules.ts.
 */
import { checkAddresses } from './address-rules.ts'
import { interfaceOf } from './device-config.ts'
import { escapeToken } from './device-config-check.ts'
import type { Located, Parts, Refuse } from './device-config-parts.ts'
import type { ErrorBody, ErrorCode } from './errors.ts'
import { decodeWireKey, encodeWireKey, isUsableWireKey } from './wire-key.ts'

export interface Rules {
  /** The own wire public key in base64, where it is known: a box that peers with itself is refused. */
  readonly ownWireKey?: string | undefined
}

/** All broken rules, in the order of the document's sections. */
export function checkRules(parts: Parts, rules: Rules = {}): ErrorBody[] {
  const errors: ErrorBody[] = []
  const refuse: Refuse = (code, path, message) => errors.push({ code, message, path })
  checkNames(parts, refuse)
  checkNics(parts, refuse)
  checkSegments(parts, refuse)
  checkWireKeys(parts, rules.ownWireKey, refuse)
  checkAddresses(parts, refuse)
  return errors
}

/** `all` and `default` are sysctl's words for every interface; `lo` exists already. */
const reservedNames = new Set(['all', 'default', 'lo'])
/** The prefix of the segments' twins, which the firmware names itself. */
export const segmentTwinPrefix = 'seg-'

function checkNames({ uplinks, segments, lans, peers }: Parts, refuse: Refuse): void {
  const twins = [...uplinks, ...lans]
  const nics = new Set(twins.map(({ part }) => interfaceOf(part.nic)))
  for (const { at, part } of twins) {
    if (reservedNames.has(part.name)) {
      refuse('CONFIG_NAME_RESERVED', `${at}/name`, `'${part.name}' is a word of the kernel`)
    }
    if (part.name.startsWith(segmentTwinPrefix)) {
      const message = `'${segmentTwinPrefix}…' names the twins of segments`
      refuse('CONFIG_TWIN_COLLISION', `${at}/name`, message)
    }
    if (nics.has(part.name)) {
      const message = `'${part.name}' is a NIC; its twin needs a name of its own`
      refuse('CONFIG_TWIN_COLLISION', `${at}/name`, message)
    }
  }
  refuseRepeated(twins, 'name', ({ name }) => name, 'CONFIG_NAME_DUPLICATE', refuse)
  refuseRepeated(segments, 'name', ({ name }) => name, 'CONFIG_NAME_DUPLICATE', refuse)
  refuseRepeated(peers, 'name', ({ name }) => name, 'CONFIG_NAME_DUPLICATE', refuse)
}

function checkNics({ uplinks, lans }: Parts, refuse: Refuse): void {
  const ports = [...uplinks, ...lans]
  refuseRepeated(ports, 'nic', ({ nic }) => nic, 'CONFIG_NIC_DUPLICATE', refuse)
}

function checkSegments({ segments, lans, peers, hasAllSegments }: Parts, refuse: Refuse): void {
  refuseRepeated(segments, 'vni', ({ vni }) => String(vni), 'CONFIG_VNI_DUPLICATE', refuse)
  if (!hasAllSegments) return
  const known = new Set(segments.map(({ part }) => part.name))
  for (const { at, part } of lans) {
    if (known.has(part.segment)) continue
    refuse('CONFIG_SEGMENT_UNKNOWN', `${at}/segment`, `there is no segment '${part.segment}'`)
  }
  for (const { at, part } of peers) {
    for (const name of Object.keys(part.segments)) {
      if (known.has(name)) continue
      const path = `${at}/segments/${escapeToken(name)}`
      refuse('CONFIG_SEGMENT_UNKNOWN', path, 'there is no segment of this name')
    }
  }
}

function checkWireKeys({ peers }: Parts, ownWireKey: string | undefined, refuse: Refuse): void {
  for (const { at, part } of peers) {
    const key = decodeWireKey(part.wireKey)
    const path = `${at}/wireKey`
    if (key === null || !isUsableWireKey(key)) {
      refuse(
        'CONFIG_WIRE_KEY_INVALID',
        path,
        'must be a usable X25519 public key: 32 bytes in base64',
      )
    } else if (encodeWireKey(key) === ownWireKey) {
      refuse('CONFIG_WIRE_KEY_OWN', path, "is this device's own key")
    }
  }
  refuseRepeated(peers, 'wireKey', ({ wireKey }) => wireKey, 'CONFIG_WIRE_KEY_DUPLICATE', refuse)
}

/** Refuses every part whose key an earlier one has. */
function refuseRepeated<Part>(
  parts: readonly Located<Part>[],
  field: string,
  keyOf: (part: Part) => string,
  code: ErrorCode,
  refuse: Refuse,
): void {
  const first = new Map<string, string>()
  for (const { at, part } of parts) {
    const key = keyOf(part)
    const earlier = first.get(key)
    if (earlier === undefined) first.set(key, at)
    else refuse(code, `${at}/${field}`, `is already that of ${earlier}`)
  }
}
