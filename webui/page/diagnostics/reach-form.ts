/** What the form of the tab "Reach" has, and what the box is asked by it. Pure. */
import {
  type DnsType,
  type RunKind,
  speedUsualSeconds,
} from '../../../firmware/model/local-api-diagnose.ts'

export interface ReachForm {
  readonly to: string
  /** `uplink wan0`; empty: as the box routes it. */
  readonly from: string
  /** Of the test of sizes; empty: an address. */
  readonly peer: string
  /** Of the speed test, with its segment; empty: the first that both have. */
  readonly far: string
  readonly segment: string
  readonly seconds: number | null
  readonly count: number | null
  readonly hops: number | null
  readonly by: 'icmp' | 'udp'
  readonly name: string
  readonly type: DnsType
  readonly server: string
  readonly uplink: string
  readonly portal: string
}

export const emptyReach: ReachForm = {
  ...{ far: '', segment: '', seconds: speedUsualSeconds },
  ...{ to: '', from: '', peer: '', count: 5, hops: 20, by: 'icmp' },
  ...{ name: '', type: 'A', server: '', uplink: '', portal: '' },
}

/** @param place `uplink wan0` → `{ uplink: 'wan0' }` */
export function reachRequest(
  kind: RunKind,
  form: ReachForm,
  place: (chosen: string) => Record<string, string>,
): object {
  const { count, hops, by, peer, type } = form
  const to = form.to.trim()
  const from = place(form.from)
  switch (kind) {
    case 'ping':
      return { to, ...from, ...(count === null ? {} : { count }) }
    case 'trace':
      return { to, ...from, by, ...(hops === null ? {} : { hops }) }
    case 'mtu':
      return peer === '' ? { to, ...from } : { peer }
    case 'speed': {
      const { far, segment, seconds } = form
      const more = {
        ...(segment === '' ? {} : { segment }),
        ...(seconds === null ? {} : { seconds }),
      }
      return { peer: far, ...more }
    }
    case 'dns': {
      const server = form.server.trim()
      const more = { ...(server === '' ? {} : { server }), ...place(form.from) }
      return { name: form.name.trim(), type, ...more }
    }
    case 'link': {
      const portalUrl = form.portal.trim()
      return { uplink: form.uplink, ...(portalUrl === '' ? {} : { portalUrl }) }
    }
  }
}

/** Whether there is enough to begin. */
export function isReachWhole(kind: RunKind, { to, name, peer, uplink, far }: ReachForm): boolean {
  if (kind === 'dns') return name.trim() !== ''
  if (kind === 'link') return uplink !== ''
  if (kind === 'speed') return far !== ''
  return to.trim() !== '' || (kind === 'mtu' && peer !== '')
}
