/**
 * What `causeway explain` says. Pure: text out of the local API's answer. The verdict first; then the chain of decisions that
 * led to it; then each path with its reason; then what befell packets.
 */
import { formatEndpoint } from '../model/address.ts'
import type {
  ExplainAnswer,
  ExplainedLimit,
  ExplainedPathAnswer,
} from '../model/local-api-explain.ts'
import { durationText } from './duration.ts'
import { delayText } from './queue-text.ts'
import { wayText } from './reach-text.ts'
import { bitsText, bytesText, table } from './table.ts'
import { protocolName } from './text.ts'

export function explainText(answer: ExplainAnswer): string {
  const { cause, sentence, passes, also } = answer
  const head = [
    `${passes ? 'passes' : 'DOES NOT PASS'}: ${sentence} (${cause})`,
    ...also.map((finding) => `also: ${finding.sentence} (${finding.cause})`),
  ]
  return [lines(head), chain(answer), paths(answer), incidents(answer)]
    .filter((part) => part !== '')
    .join('\n')
}

function lines(list: readonly string[]): string {
  return list.map((line) => `${line}\n`).join('')
}

function chain(answer: ExplainAnswer): string {
  const rows: (readonly [string, string])[] = [
    ['flow', flowText(answer)],
    ['segment', segmentText(answer)],
    ['route', routeText(answer)],
    ['peers', peersText(answer)],
    ['rule', ruleText(answer)],
    ['policy', policyText(answer)],
    ['path', pathText(answer)],
    ['class', classText(answer)],
    ['ingress', ingressText(answer)],
    ...answer.limits.map((limit) => ['limit', limitText(answer, limit)] as const),
  ]
  const shown = rows.filter(([, text]) => text !== '')
  return lines(shown.map(([name, text]) => `${name.padEnd(8)} ${text}`))
}

function flowText({ flow }: ExplainAnswer): string {
  const end = (address: string, port: number | null): string =>
    port === null ? address : formatEndpoint({ address, port })
  const marks = [
    protocolName(flow.protocol),
    ...(flow.dscp === 0 ? [] : [`DSCP ${flow.dscp}`]),
    ...(flow.server === null ? [] : [`server ${flow.server}`]),
  ]
  const ends = `${end(flow.from, flow.fromPort)} > ${end(flow.to, flow.toPort)}`
  return `${ends}, ${marks.join(', ')}`
}

function segmentText({ comesFrom, fromPeer, segment, toSegment, peer }: ExplainAnswer): string {
  const whence = {
    lan: 'from a LAN',
    box: 'from the box itself',
    peer: `from ${peer?.name ?? 'a peer'}`,
    transit: `from ${fromPeer}, in transit to ${peer?.name ?? 'another peer'}`,
    nobody: 'from nobody here',
  }[comesFrom]
  if (segment === null) return whence
  if (toSegment === null) return `${segment}, ${whence}`
  return segment === toSegment ? `${segment}, ${whence}` : `${segment} > ${toSegment}, ${whence}`
}

function routeText(answer: ExplainAnswer): string {
  const { route, peer } = answer
  const { kind, prefix, owner, link, nextHop, isNextHopKnown, isByKernel } = route
  const of = prefix === null ? '' : `${prefix} of ${owner}`
  const kernel = isByKernel ? ', forwarded by the kernel' : ''
  const hop = nextHop === null ? '' : `${nextHop} on ${link}${isNextHopKnown ? '' : ' (unknown)'}`
  switch (kind) {
    case 'peer':
      return `${of}${hop === '' ? '' : `, next hop ${hop}`}${peer?.hasSession === false ? ', no session' : ''}`
    case 'link':
      return `${of === '' ? '' : `${of}, `}to ${hop}${kernel}`
    case 'box':
      return `${of === '' ? '' : `${of}, `}the box itself`
    case 'internet':
      return `none inside: to the Internet${exitText(answer)}, forwarded by the kernel`
    case 'none':
      return of === '' ? 'none' : `${of}, not there`
  }
}

function exitText({ route: { link, nextHop, source }, flow }: ExplainAnswer): string {
  if (link === null) return ''
  return ` by ${link}${nextHop === flow.to ? '' : `, next hop ${nextHop}`}, as ${source}`
}

function peersText({ peers }: ExplainAnswer): string {
  return peers.map(({ peer, sentence }) => `${peer} ${sentence}`).join('; ')
}

function ruleText({ rule }: ExplainAnswer): string {
  if (rule === null) return ''
  const verb = rule.allows ? 'allows' : 'denies'
  return rule.name === null ? `none fits: the default ${verb} it` : `${rule.name} ${verb} it`
}

function policyText({ policy, comesFrom, route }: ExplainAnswer): string {
  if (policy === null) return ''
  const { name, application } = policy
  const of = application === null ? '' : `, application ${application}`
  // The kernel chooses the uplink there.
  if (route.kind === 'internet')
    return `${name}${of}: only its "breakout: allow" and "class" apply here`
  return `${name}${of}${comesFrom === 'peer' ? ' (of its answers)' : ''}`
}

function pathText(answer: ExplainAnswer): string {
  const { paths, comesFrom, place, idleSeconds, mtuBytes, passes } = answer
  const taken = paths.find(({ isTaken }) => isTaken)
  if (taken === undefined) return paths.length === 0 ? '' : 'none'
  const of = comesFrom === 'peer' ? ' (of its answers)' : ''
  const fits = mtuBytes === null ? '' : `, takes ${mtuBytes} bytes`
  const known =
    place === 'known' && idleSeconds !== null
      ? `, kept since it began, last packet ${durationText(idleSeconds)} ago`
      : ''
  const would = passes ? '' : 'would be '
  return `${would}${wayText(taken)}${fits}${known}${of}`
}

function classText({ class: name, queue, comesFrom }: ExplainAnswer): string {
  if (name === null) return ''
  const of = comesFrom === 'peer' ? ' (of its answers)' : ''
  if (queue === null) return `${name}${of}`
  const { uplink, waitingPackets, waitingBytes, meanSeconds, classDelay } = queue
  const waits =
    waitingPackets === 0
      ? `nothing of it waits there by ${uplink}`
      : `${waitingPackets} packets of it wait there by ${uplink} (${bytesText(waitingBytes)})`
  const mean = meanSeconds === null ? '' : `; they waited ${delayText(meanSeconds)} of late`
  const most =
    classDelay === null ? '' : `, 95 % of the class up to ${delayText(classDelay.p95Seconds)}`
  return `${name}${of}: ${waits}${mean}${meanSeconds === null ? '' : most}`
}

function ingressText({ ingress }: ExplainAnswer): string {
  if (ingress === null) return ''
  const { uplink, rateBitsPerSecond } = ingress
  const waits = waitsText('from the Internet', ingress)
  return `its answers, by ${uplink} at ${bitsText(rateBitsPerSecond)}: ${waits}`
}

/** Of its class, as they are kept apart there too. */
function limitText(answer: ExplainAnswer, limit: ExplainedLimit): string {
  const { segment, direction, isOfAnswers, rateBitsPerSecond } = limit
  const of = isOfAnswers ? ' (of its answers)' : ''
  const waits = waitsText(`of ${answer.class}`, limit)
  return `${segment}, ${direction} ${bitsText(rateBitsPerSecond)}${of}: ${waits}`
}

function waitsText(
  what: string,
  { waitingPackets, waitingBytes, delay }: NonNullable<ExplainAnswer['ingress']> | ExplainedLimit,
): string {
  const waits =
    waitingPackets === 0
      ? `nothing ${what} waits`
      : `${waitingPackets} packets ${what} wait (${bytesText(waitingBytes)})`
  const most = delay === null ? '' : `; 95 % waited up to ${delayText(delay.p95Seconds)} of late`
  return `${waits}${most}`
}

function paths(answer: ExplainAnswer): string {
  const rows = answer.paths.map((path) => [
    path.isTaken && answer.passes ? '>' : '',
    path.uplink,
    path.endpoint,
    path.state,
    ...figures(path),
    String(path.mtuBytes),
    path.sentence,
  ])
  return table(['', 'UPLINK', 'ENDPOINT', 'STATE', 'LOSS', 'LATENCY', 'JITTER', 'MTU', ''], rows)
}

/** Of a path that is down they are history. */
function figures({ state, lossRatio, latencySeconds, jitterSeconds }: ExplainedPathAnswer) {
  if (state === 'down') return ['–', '–', '–']
  return [
    measure(lossRatio, 100, '%'),
    measure(latencySeconds, 1000, 'ms'),
    measure(jitterSeconds, 1000, 'ms'),
  ]
}

function measure(value: number | null, factor: number, unit: string): string {
  if (value === null) return '–'
  const scaled = value * factor
  return `${Number(scaled.toFixed(scaled < 10 ? 1 : 0))} ${unit}`
}

function incidents(answer: ExplainAnswer): string {
  const rows = answer.incidents.map((incident) => [
    incident.reason,
    incident.of,
    String(incident.count),
    `${incident.lastSeconds.toFixed(1)} s ago`,
    incident.total === null ? '–' : String(incident.total),
    incident.meaning,
  ])
  return table(['DROPPED', 'OF', 'PACKETS', 'LAST', 'IN ALL', ''], rows)
}
