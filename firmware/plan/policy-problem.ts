/**
 * Policies that drop their flows to a peer as things are, as sentences for people. Out of what is counted: where nothing was sent of
 * late, loss and jitter are not known and keep every limit. What the datapath does is causeway explain's. Pure.
 */
import type { DeviceConfig } from '../model/device-config.ts'
import type { Policy } from '../model/device-config-steering.ts'
import type { PeerStatus } from '../model/local-api.ts'
import type { PathAnswer } from '../model/local-api-path.ts'
import { isDown, type PathsByPeer } from './path-status.ts'

/** Named one by one; of more their number is told. */
const toldPolicies = 3
const toldPeers = 3

/** Of peers that are up: what a lost one lacks is told already. A peer with no path that a policy may use, ever, is meant so. */
export function policyProblems(
  config: DeviceConfig | null,
  peers: readonly PeerStatus[],
  named: PathsByPeer,
): string[] {
  if (config === null) return []
  const reached = peers
    .filter(({ state }) => state === 'up')
    .map(({ name }) => ({ name, paths: (named.get(name) ?? []).map(({ answer }) => answer) }))
  const told = (config.policies ?? []).flatMap((policy) => {
    const dropped = reached.flatMap(({ name, paths }) => {
      const why = whyDropped(policy, paths, config)
      return why === null ? [] : [{ name, why }]
    })
    const [first] = dropped
    if (first === undefined) return []
    const names = dropped.slice(0, toldPeers).map(({ name }) => name)
    const more = dropped.length > toldPeers ? ', …' : ''
    return [`policy ${policy.name} drops what goes to ${names.join(', ')}${more}: ${first.why}`]
  })
  const rest = told.length - toldPolicies
  return [
    ...told.slice(0, toldPolicies),
    ...(rest > 0
      ? [`${rest} more ${rest === 1 ? 'policy drops' : 'policies drop'} their flows`]
      : []),
  ]
}

/** Null: it does not. */
function whyDropped(
  policy: Policy,
  paths: readonly PathAnswer[],
  config: DeviceConfig,
): string | null {
  const isUp = ({ state }: PathAnswer): boolean => state === 'up'
  const usable = paths.filter((path) => mayUse(policy, path, config))
  const live = usable.filter(isUp)
  // Without any path nobody's flows go: that is no policy's.
  if (live.length === 0) {
    const isLost = usable.some(isDown) && paths.some(isUp)
    return isLost ? 'no path that it may use is up' : null
  }
  const isStrict = policy.otherwise === 'drop'
  return isStrict && live.every((path) => breaks(policy, path)) ? 'no path keeps its limits' : null
}

function mayUse({ kinds, metered }: Policy, path: PathAnswer, { uplinks }: DeviceConfig): boolean {
  const kind = uplinks.find(({ name }) => name === path.uplink)?.kind ?? 'internet'
  if (kinds?.includes(kind) === false) return false
  return metered !== 'never' || !path.isMetered
}

function breaks({ loss, latencyMs, jitterMs }: Policy, { rttSeconds, tx }: PathAnswer): boolean {
  const isAbove = (value: number | null, limit: number | undefined): boolean =>
    value !== null && limit !== undefined && value > limit
  return (
    isAbove(tx.lossRatio === null ? null : tx.lossRatio * 100, loss) ||
    isAbove(rttSeconds === null ? null : rttSeconds * 500, latencyMs) ||
    isAbove(tx.jitterSeconds === null ? null : tx.jitterSeconds * 1000, jitterMs)
  )
}
