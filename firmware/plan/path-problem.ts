/** What is wrong with paths, as sentences for people: what matters most first, and once. Pure. */
import { parseEndpoint } from '../model/address.ts'
import type { PeerStatus, UplinkStatus } from '../model/local-api.ts'
import type { PathAnswer } from '../model/local-api-path.ts'
import { isDown, type PathsByPeer } from './path-status.ts'

/** Named one by one; of more their number is told. */
const toldPeers = 3
const toldPaths = 2
/** A port that is shut for so long stays so, as far as anybody here can say. */
const shutSeconds = 600

interface Reached {
  readonly name: string
  readonly counts: PeerStatus['paths']
  readonly paths: readonly PathAnswer[]
}

/** Of peers with a session, as what a lost one lacks is told already; and so are uplinks without carrier or lease. */
export function pathProblems(
  peers: readonly PeerStatus[],
  uplinks: readonly UplinkStatus[],
  named: PathsByPeer,
): string[] {
  const reached = peers
    .filter(({ state }) => state === 'up' || state === 'unreached')
    .map(({ name, paths: counts }): Reached => {
      return { name, counts, paths: (named.get(name) ?? []).map(({ answer }) => answer) }
    })
  const sound = uplinks
    .filter(({ isUp, address }) => isUp === true && address.length > 0)
    .map(({ name }) => ({ name, lost: lostBy(name, reached) }))
  const useless = sound.filter(({ lost }) => lost > 1)
  const others = new Set(sound.filter(({ lost }) => lost <= 1).map(({ name }) => name))
  return [
    ...useless.map(
      ({ name, lost }) => `uplink ${name} has a carrier and reaches none of ${lost} peers`,
    ),
    ...peerProblems(reached, others),
  ]
}

/** How many peers it reached once, if it reaches nobody now. */
function lostBy(uplink: string, reached: readonly Reached[]): number {
  const isBy = (path: PathAnswer): boolean => path.uplink === uplink
  if (reached.some(({ paths }) => paths.some((path) => isBy(path) && path.state === 'up'))) return 0
  return reached.filter(({ paths }) => paths.some((path) => isBy(path) && isDown(path))).length
}

function peerProblems(reached: readonly Reached[], uplinks: ReadonlySet<string>): string[] {
  const told = reached
    .map(({ paths, ...peer }) => ({
      ...peer,
      down: paths.filter(
        (path) => isDown(path) && uplinks.has(path.uplink) && !isPortShut(path, paths),
      ),
    }))
    .filter(({ down }) => down.length > 0)
  const rest = told.length - toldPeers
  return [
    ...told.slice(0, toldPeers).map(({ name, counts, down }) => {
      const which = down.slice(0, toldPaths).map(faultText).join('; ')
      const more = down.length > toldPaths ? '; …' : ''
      const are = down.length === 1 ? 'is' : 'are'
      return `${down.length} of ${counts.up + counts.down} paths to ${name} ${are} down: ${which}${more}`
    }),
    ...(rest > 0 ? [`paths to ${rest} more ${rest === 1 ? 'peer' : 'peers'} are down`] : []),
  ]
}

/**
 * A firewall lets UDP out to some ports alone, and the same host answers by the same uplink at another: nothing is lost by it,
 * and status tells what the network lets out.
 */
function isPortShut(path: PathAnswer, paths: readonly PathAnswer[]): boolean {
  const host = hostOf(path)
  const isOtherPort = (other: PathAnswer): boolean =>
    other.state === 'up' && other.uplink === path.uplink && hostOf(other) === host
  return host !== undefined && path.stateSeconds >= shutSeconds && paths.some(isOtherPort)
}

function hostOf({ endpoint, relay }: PathAnswer): string | undefined {
  return relay === null ? parseEndpoint(endpoint)?.address : undefined
}

function faultText({ uplink, endpoint, relay, explanation }: PathAnswer): string {
  return `${relay === null ? `${uplink} to ${endpoint}` : endpoint}, ${explanation}`
}
