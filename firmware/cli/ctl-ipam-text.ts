/** Address pools and who has what of them, as people read it. Pure. */
import type { IpamAnswer } from '../model/controller-api.ts'
import { table } from './table.ts'

export function ipamText({ pools, networks, vnis, overlaps }: IpamAnswer): string {
  const poolRows = pools.map((pool) => {
    const { name, prefix, bits, segments, used, kept, byHand, total, next } = pool
    const more = [
      ...(kept === 0 ? [] : [`${kept} kept for LANs that are gone`]),
      ...(byHand === 0 ? [] : [`${byHand} written by hand`]),
    ]
    const of = `${used} of ${total}`
    return [name, prefix, `/${bits}`, segments.join(' '), of, next ?? 'full', more.join(', ')]
  })
  const networkRows = networks.map(({ site, lan, segment, prefix, pool, isGone }) => [
    ...[site, lan, segment ?? '–', prefix],
    isGone ? `${pool}, kept: the LAN is gone` : (pool ?? 'by hand'),
  ])
  const vniRows = vnis.map(({ segment, vni, isGiven }) => [
    ...[segment, String(vni)],
    isGiven ? 'given' : 'by hand',
  ])
  const parts = [
    table(['POOL', 'PREFIX', 'EACH', 'SEGMENTS', 'USED', 'NEXT FREE', ''], poolRows),
    table(['SITE', 'LAN', 'SEGMENT', 'NETWORK', 'FROM'], networkRows),
    table(['SEGMENT', 'VNI', ''], vniRows),
    overlaps.map(overlapText).join(''),
  ].filter((part) => part !== '')
  return parts.length === 0 ? 'nothing has been given out\n' : parts.join('\n')
}

function overlapText({
  prefix,
  holder,
  other,
  otherPrefix,
  free,
}: IpamAnswer['overlaps'][number]): string {
  const way = free === null ? '' : `; ${free} is free`
  return `OVERLAP: ${holder} (${prefix}) and ${other} (${otherPrefix}) have the same addresses: give one of them another network${way}\n`
}
