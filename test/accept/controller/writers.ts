/** People who write to a controller, one thing after the other each, and remember what it has acknowledged. */
import { randomBytes } from 'node:crypto'
import type { FleetSite } from '../../../firmware/model/fleet.ts'
import { hubs, type ManyEdges } from './many-edges.ts'

/** Of one writer's write: what it asks, and what it changes. */
export interface Asked {
  readonly path: string
  readonly body: object
  /** It was answered. */
  acknowledge(): void
}

export interface Wanted {
  /** It was answered that this is in the value; null: nothing was yet. */
  readonly acknowledged: string | null
  /** Asked for since, and not answered: it may be there instead. */
  readonly asked: readonly string[]
}

export interface Writer {
  next(): Asked
  /** By key below the tenant, or `edge/ID`: what is there. */
  readonly wanted: ReadonlyMap<string, Wanted>
  /** What of the log tells of its writes, and how many entries there are at least. */
  readonly told: ReadonlyMap<string, number>
}

/** Names that one writer uses in turn. */
const mostNames = 60
const mostLatencyMs = 5_000

interface Write {
  readonly path: string
  readonly body: object
  readonly key: string
  readonly text: string
  /** In its entry of the log. */
  readonly tells: string
}

export function newWriters(many: ManyEdges): readonly Writer[] {
  const shop = many.documents.find(
    (one): one is FleetSite => one.kind === 'site' && one.name.startsWith('shop'),
  )!
  const devices = Array.from({ length: mostNames }, () => randomBytes(32).toString('hex'))
  return [
    ...['one', 'two'].map((name) => writer((count) => policyWrite(name, count))),
    writer((count) => siteWrite(shop, count)),
    writer((count) => claimWrite(devices, count)),
  ]
}

function writer(write: (count: number) => Write): Writer {
  const wanted = new Map<string, Wanted>()
  const told = new Map<string, number>()
  let count = 0
  return {
    wanted,
    told,
    next: () => {
      const { path, body, key, text, tells } = write(count++)
      const { acknowledged = null, asked = [] } = wanted.get(key) ?? {}
      wanted.set(key, { acknowledged, asked: [...asked, text] })
      return {
        ...{ path, body },
        acknowledge: () => {
          wanted.set(key, { acknowledged: text, asked: [] })
          told.set(tells, (told.get(tells) ?? 0) + 1)
        },
      }
    },
  }
}

function policyWrite(name: string, count: number): Write {
  const latencyMs = 1 + (count % mostLatencyMs)
  const document = {
    kind: 'policy',
    name,
    order: 2,
    for: { dscp: [name === 'one' ? 'cs1' : 'cs2'] },
    latencyMs,
  }
  return {
    ...{ path: 'apply', body: { documents: [document], isWhole: false } },
    ...{ key: `doc/policy/${name}`, text: `"latencyMs":${latencyMs}}`, tells: `policy/${name}` },
  }
}

/** New ones get networks of the pools; later their labels change. */
function siteWrite(shop: FleetSite, count: number): Write {
  const name = `new-${count % mostNames}`
  const labels = { round: `r${Math.floor(count / mostNames)}` }
  const { edge: _edge, ...rest } = shop
  return {
    ...{ path: 'apply', body: { documents: [{ ...rest, name, labels }], isWhole: false } },
    ...{ key: `doc/site/${name}`, text: `"round":"${labels.round}"`, tells: `site/${name}` },
  }
}

function claimWrite(devices: readonly string[], count: number): Write {
  const at = count % devices.length
  const device = devices[at]!
  const site = `box-${hubs + at}`
  return {
    ...{ path: 'claims', body: { device, site, isAhead: true } },
    ...{ key: `edge/${device}`, text: `"site":"${site}"`, tells: `device/${device}` },
  }
}
