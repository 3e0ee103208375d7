/**
 * Where things stand in the picture of the site: uplinks, this box, peers, and a line for each path. Side by side where there is
 * room, else from top to bottom. Pure.
 */
import type { PeerStatus, Status } from '../../../firmware/model/local-api.ts'
import type { PathAnswer, PathsAnswer } from '../../../firmware/model/local-api-path.ts'

export type LineKind = 'used' | 'ready' | 'relayed' | 'untried' | 'down'

export interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface MapLine {
  readonly key: string
  readonly kind: LineKind
  /** Of an SVG path. */
  readonly d: string
}

export interface SiteMap {
  readonly height: number
  /** From top to bottom. */
  readonly isNarrow: boolean
  readonly box: Place
  /** In the order of the status. */
  readonly uplinks: readonly Place[]
  /** Of `shown`. */
  readonly peers: readonly Place[]
  readonly lines: readonly MapLine[]
}

export interface PeerLines {
  readonly peer: PeerStatus
  readonly paths: readonly { readonly uplink: string; readonly kind: LineKind }[]
}

/** More are told by their number. */
export const mostPeers = 10
const mostPaths = 4
/** Of a line to a peer by no uplink in particular. */
const noUplink = '–'
const narrow = 620
const rank: Readonly<Record<PeerStatus['state'], number>> = {
  down: 0,
  unreached: 1,
  connecting: 2,
  up: 3,
}

/** Those that somebody should look at first, then hubs, then as configured. */
export function shownPeers({ peers }: Status, paths: PathsAnswer | null): PeerLines[] {
  const known = new Map(paths?.peers.map((one) => [one.peer, one.paths]))
  return peers
    .toSorted(
      (one, other) =>
        rank[one.state] - rank[other.state] ||
        Number(other.role === 'hub') - Number(one.role === 'hub'),
    )
    .slice(0, mostPeers)
    .map((peer) => ({ peer, paths: linesOf(peer, known.get(peer.name) ?? []) }))
}

function linesOf(peer: PeerStatus, paths: readonly PathAnswer[]): PeerLines['paths'] {
  if (paths.length === 0 && peer.uplink !== null) {
    return [{ uplink: peer.uplink, kind: peer.reach.how === 'relayed' ? 'relayed' : 'used' }]
  }
  // No way to it is known: that is a line, too.
  if (paths.length === 0) {
    return [{ uplink: noUplink, kind: peer.state === 'connecting' ? 'untried' : 'down' }]
  }
  const byUplink = Map.groupBy(paths, ({ uplink }) => uplink)
  return [...byUplink].slice(0, mostPaths).map(([uplink, its]) => {
    const kinds = its.map(kindOf)
    return { uplink, kind: order.find((kind) => kinds.includes(kind)) ?? 'untried' }
  })
}

/** Of several paths by one uplink the best one is drawn. */
const order: readonly LineKind[] = ['used', 'relayed', 'ready', 'down', 'untried']

function kindOf({ state, isBest, relay }: PathAnswer): LineKind {
  if (state === 'untried') return 'untried'
  if (state === 'down') return 'down'
  if (!isBest) return 'ready'
  return relay === null ? 'used' : 'relayed'
}

export function uplinkKind(
  name: string,
  isUp: boolean | null,
  peers: readonly PeerLines[],
): LineKind {
  if (isUp === null) return 'untried'
  if (!isUp) return 'down'
  const kinds = peers.flatMap(({ paths }) =>
    paths.flatMap(({ uplink, kind }) => (uplink === name ? [kind] : [])),
  )
  if (kinds.length > 0 && kinds.every((kind) => kind === 'down')) return 'down'
  return kinds.some((kind) => kind === 'used' || kind === 'relayed') ? 'used' : 'ready'
}

export function layOut(
  width: number,
  uplinks: readonly { readonly name: string; readonly kind: LineKind }[],
  peers: readonly PeerLines[],
): SiteMap {
  return width < narrow ? topDown(width, uplinks, peers) : sideBySide(width, uplinks, peers)
}

const rowHeight = 62
const nodeHeight = 50

function sideBySide(
  width: number,
  uplinks: readonly { readonly name: string; readonly kind: LineKind }[],
  peers: readonly PeerLines[],
): SiteMap {
  const boxHeight = 96
  const height = Math.max(uplinks.length, peers.length, 2) * rowHeight
  const nodeWidth = Math.min(230, width * 0.26)
  const box = {
    ...{ width: Math.min(168, width * 0.2), height: boxHeight },
    ...{ x: width * 0.5 - Math.min(84, width * 0.1), y: (height - boxHeight) / 2 },
  }
  const column = (count: number, x: number): Place[] => {
    const top = (height - count * rowHeight) / 2 + (rowHeight - nodeHeight) / 2
    return Array.from({ length: count }, (_, index) => {
      return { x, y: top + index * rowHeight, width: nodeWidth, height: nodeHeight }
    })
  }
  const left = column(uplinks.length, 0)
  const right = column(peers.length, width - nodeWidth)
  const lines = [
    ...uplinks.map(({ name, kind }, index) => {
      const { x, y } = left[index]!
      const end = { x: box.x, y: spread(box, index, uplinks.length) }
      return { key: name, kind, d: curve({ x: x + nodeWidth, y: y + nodeHeight / 2 }, end) }
    }),
    ...peers.flatMap(({ peer, paths }, index) =>
      paths.map(({ uplink, kind }, number) => {
        const shift = (number - (paths.length - 1) / 2) * 7
        const begin = {
          x: box.x + box.width,
          y: spread(box, index, peers.length) + shift * Math.min(1, 4 / peers.length),
        }
        const { x, y } = right[index]!
        const end = { x, y: y + nodeHeight / 2 + shift }
        return { key: `${peer.name} ${uplink}`, kind, d: curve(begin, end) }
      }),
    ),
  ]
  return {
    height,
    isNarrow: false,
    box,
    uplinks: left,
    peers: right,
    lines: lines.toSorted(byWeight),
  }
}

function topDown(
  width: number,
  uplinks: readonly { readonly name: string; readonly kind: LineKind }[],
  peers: readonly PeerLines[],
): SiteMap {
  const gap = 12
  // Rates in and out have a line each.
  const uplinkHeight = 70
  const perRow = Math.min(2, Math.max(1, uplinks.length))
  const cell = (width - gap * (perRow - 1)) / perRow
  const top = uplinks.map((_, index) => ({
    ...{ x: (index % perRow) * (cell + gap), y: Math.floor(index / perRow) * (uplinkHeight + gap) },
    ...{ width: cell, height: uplinkHeight },
  }))
  const rows = Math.ceil(uplinks.length / perRow)
  const box = { x: 0, y: rows * (uplinkHeight + gap) + 18, width, height: 58 }
  const trunk = 30
  const first = box.y + box.height + 18
  const below = peers.map((_, index) => ({
    ...{ x: trunk + 16, y: first + index * (nodeHeight + gap) },
    ...{ width: width - trunk - 16, height: nodeHeight },
  }))
  const lines = [
    ...uplinks.map(({ name, kind }, index) => {
      const { x, y } = top[index]!
      const at = x + cell / 2
      return { key: name, kind, d: `M${at} ${y + uplinkHeight}V${box.y}` }
    }),
    ...peers.flatMap(({ peer, paths }, index) =>
      paths.map(({ uplink, kind }, number) => {
        const x = trunk - 8 - number * 7
        const { x: end, y } = below[index]!
        const to = y + nodeHeight / 2 + (number - (paths.length - 1) / 2) * 7
        const d = `M${x} ${box.y + box.height}V${to - 8}Q${x} ${to} ${x + 8} ${to}H${end}`
        return { key: `${peer.name} ${uplink}`, kind, d }
      }),
    ),
  ]
  const height = first + peers.length * (nodeHeight + gap) - (peers.length > 0 ? gap : 18)
  return {
    height,
    isNarrow: true,
    box,
    uplinks: top,
    peers: below,
    lines: lines.toSorted(byWeight),
  }
}

/** What is in use is drawn above what is not. */
function byWeight(one: MapLine, other: MapLine): number {
  return order.indexOf(other.kind) - order.indexOf(one.kind)
}

function spread({ y, height }: Place, index: number, count: number): number {
  return y + (height * (index + 1)) / (count + 1)
}

interface Point {
  readonly x: number
  readonly y: number
}

function curve(from: Point, to: Point): string {
  const middle = (from.x + to.x) / 2
  const points = [from.x, from.y, middle, from.y, middle, to.y, to.x, to.y].map(Math.round)
  const [x0, y0, x1, y1, x2, y2, x3, y3] = points
  return `M${x0} ${y0}C${x1} ${y1} ${x2} ${y2} ${x3} ${y3}`
}
