/**
 * The paths of a site as its datapath counts them, asked at the datapath's own socket: so also while the gateway is stopped.
 * Says which one carries data, which links of the lab it takes, and when all of them are up.
 */
import type { Datapath } from '../../firmware/host/datapath/datapath.ts'
import { connectDatapath } from '../../firmware/host/datapath/remote.ts'
import { CausewayError } from '../../firmware/model/errors.ts'
import type { PathCounters } from '../../firmware/model/path-program.ts'
import { bare, type WanDescription } from './description.ts'
import type { Lab } from './lab.ts'
import type { Wan } from './wan.ts'

const lookMs = 60
const mostLooks = 17
const upTimeoutMs = 15_000

/** A link that a path takes, at one of its ends. */
export interface PathLink {
  readonly site: string
  readonly wan: WanDescription
  readonly emulator: Wan
}

export class SitePaths implements AsyncDisposable {
  readonly #lab: Lab
  readonly #site: string
  readonly #datapath: Datapath

  constructor(lab: Lab, site: string, datapath: Datapath) {
    this.#lab = lab
    this.#site = site
    this.#datapath = datapath
  }

  async read(): Promise<readonly PathCounters[]> {
    return (await this.#datapath.counters()).paths
  }

  /** The path by which most data left during 60 ms, as soon as any does. @throws LAB_TIMEOUT when none did for a second */
  async inUse(peer: string): Promise<PathCounters> {
    let before = await this.read()
    for (let look = 0; look < mostLooks; look++) {
      await new Promise((passed) => setTimeout(passed, lookMs))
      const now = await this.read()
      const sentBefore = new Map(before.map((path) => [keyOf(path), path.txPackets]))
      const [most] = now
        .filter((path) => path.peer === peer)
        .map((path) => ({ path, by: path.txPackets - (sentBefore.get(keyOf(path)) ?? 0) }))
        .toSorted((a, b) => b.by - a.by)
      if (most !== undefined && most.by > 0) return most.path
      before = now
    }
    throw new CausewayError('LAB_TIMEOUT', `${this.#site} sends ${peer} nothing`)
  }

  /** Waits until every path is up. @throws LAB_TIMEOUT */
  async allUp(): Promise<void> {
    const deadlineMs = performance.now() + upTimeoutMs
    let paths = await this.read()
    while (paths.length === 0 || paths.some(({ state }) => state !== 'up')) {
      if (performance.now() > deadlineMs) {
        const states = paths.map((path) => `${keyOf(path)} ${path.state} (${path.reason})`)
        throw new CausewayError('LAB_TIMEOUT', `paths of ${this.#site} do not come up`, {
          detail: states.join('\n'),
        })
      }
      await new Promise((passed) => setTimeout(passed, lookMs))
      paths = await this.read()
    }
  }

  /** The two emulated links of a path: this site's own, and the far one's. @throws LAB_INVALID */
  linksOf({ peer, uplink, remoteAddress }: PathCounters): readonly [near: PathLink, far: PathLink] {
    const own = this.#wansOf(this.#site)[uplink]
    const far = this.#wansOf(peer).find((wan) => isAt(wan, remoteAddress))
    if (own === undefined || far === undefined) {
      throw new CausewayError('LAB_INVALID', `no link of ${peer} is at ${remoteAddress}`)
    }
    return [this.#linkOf(this.#site, own), this.#linkOf(peer, far)]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#datapath[Symbol.asyncDispose]()
  }

  #wansOf(site: string): readonly WanDescription[] {
    return this.#lab.sites.find(({ name }) => name === site)?.wans ?? []
  }

  #linkOf(site: string, wan: WanDescription): PathLink {
    return { site, wan, emulator: this.#lab.wan(site, wan.name) }
  }
}

/** Asks a running datapath; dispose of it before the lab. @throws DATAPATH_UNREACHABLE */
export async function openPaths(lab: Lab, site: string): Promise<SitePaths> {
  return new SitePaths(lab, site, await openDatapath(lab, site))
}

/** A site's running datapath, beside its gateway. @throws DATAPATH_UNREACHABLE */
export async function openDatapath(lab: Lab, site: string): Promise<Datapath> {
  return connectDatapath(`/run/causeway/${lab.names.instance(site)}/datapath.sock`)
}

/** `lisbon 0 203.0.113.2`: which one of a site's paths it is, for as long as the lab lasts. */
export function keyOf({ peer, uplink, remoteAddress }: PathCounters): string {
  return `${peer} ${uplink} ${remoteAddress}`
}

function isAt({ address, v6, nat }: WanDescription, remote: string): boolean {
  return [address, v6?.address, nat?.address].some(
    (one) => one !== undefined && bare(one) === remote,
  )
}
