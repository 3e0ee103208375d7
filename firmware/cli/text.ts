/** What the CLI says to people. Pure: text out of the local API's answers. */

import { defaultInstance } from '../host/system/places.ts'
import { formatEndpoint } from '../model/address.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import type { ErrorBody } from '../model/errors.ts'
import type { Drops, Health, PeerStatus, Status, Throughput } from '../model/local-api.ts'
import type { LastChange } from '../model/local-api-config.ts'
import type { DenialsAnswer } from '../model/local-api-denial.ts'
import type { ApiEvent, ConfigChangeEvent } from '../model/local-api-event.ts'
import type { SampleEvent } from '../model/local-api-history.ts'
import type { ToldEvent } from '../model/local-api-recent.ts'
import type { SessionsAnswer } from '../model/local-api-session.ts'
import { durationText } from './duration.ts'
import { natLines } from './nat-text.ts'
import { queueText } from './queue-text.ts'
import { byText, reachLines, wayText } from './reach-text.ts'
import { relayingText } from './relaying-text.ts'
import { bitsText, table } from './table.ts'

/** @param file the one at fault; it comes first, with line and column, as compilers say it. Null for none. */
export function errorText(
  {
    code,
    message,
    path,
    detail,
    line,
    column,
  }: Omit<ErrorBody, 'code'> & { readonly code: string },
  file: string | null,
): string {
  const at = path === undefined ? '' : `${path === '' ? '/' : path}: `
  const place = file === null ? [] : [file, ...(line === undefined ? [] : [line, column])]
  const lead = place.length === 0 ? '' : `${place.join(':')}: `
  return `${lead}${code} ${at}${message}${detail === undefined ? '' : ` (${detail})`}`
}

/** What `check` says about a file without errors. */
export function soundText(
  file: string,
  { revision, site, version }: DeviceConfig,
  migratedFrom: number | null,
): string {
  const older =
    migratedFrom === null
      ? ''
      : `\nIt is of version ${migratedFrom} and was read as one of version ${version}.`
  return `${file}: revision ${revision} of ${site} is sound${older}\n`
}

export function statusText(status: Status): string {
  const { site, revision, instance, uplinks, peers, health, pendingChange } = status
  const name = site === null ? `instance ${instance}` : `${site}, revision ${revision}`
  const uplinkRows = uplinks.map(({ name: uplink, isUp, address, throughput }) => [
    uplink,
    isUp === null ? 'unknown' : isUp ? 'up' : 'down',
    address.join(' '),
    rateText(throughput, 'rxBitsPerSecond'),
    rateText(throughput, 'txBitsPerSecond'),
  ])
  const peerRows = peers.map((peer) => [
    peer.name,
    peerStateText(peer),
    byText(peer),
    pathCountText(peer.paths),
    peer.endpoint ?? '–',
    peer.rttSeconds === null ? '–' : `${(peer.rttSeconds * 1000).toFixed(2)} ms`,
    rateText(peer.throughput, 'rxBitsPerSecond'),
    rateText(peer.throughput, 'txBitsPerSecond'),
  ])
  return [
    `${name}, up ${durationText(status.uptimeSeconds)}: ${health}\n${moreText(status)}${pendingText(pendingChange, instance)}`,
    table(['UPLINK', 'STATE', 'ADDRESS', 'IN', 'OUT'], uplinkRows),
    natLines(uplinks).join(''),
    queueText(uplinks, status.segments),
    table(['PEER', 'STATE', 'BY', 'PATHS UP', 'ENDPOINT', 'RTT', 'IN', 'OUT'], peerRows),
    reachLines(peers).join(''),
    relayingText(status.relaying),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

/** The problems that the first line has no room for. */
function moreText({ problems }: Status): string {
  return problems
    .slice(1)
    .map((problem) => `also: ${problem}\n`)
    .join('')
}

function pendingText(change: Status['pendingChange'], instance: string): string {
  if (change === null) return ''
  const { revision, phase, remainingSeconds } = change
  if (phase !== 'waiting') return `revision ${revision} ${phaseText[phase]}\n`
  const hint = `${commandText('config confirm', instance)} keeps it`
  return `revision ${revision} is not confirmed: taken back in ${remainingSeconds} s (${hint})\n`
}

const phaseText = { applying: 'is being applied', writing: 'is being written to the disk' } as const

/** A command to be typed as it stands. */
export function commandText(words: string, instance: string): string {
  return `causeway ${words}${instance === defaultInstance ? '' : ` --instance ${instance}`}`
}

/** Why it is not up, if that is known. */
function peerStateText({ state, lastError }: PeerStatus): string {
  if (state === 'unreached') return 'not reached'
  return state === 'up' || lastError === null ? state : `${state} (${lastError})`
}

/** Those by which nobody ever answered may be meant to be so. */
function pathCountText({ up, down, untried }: PeerStatus['paths']): string {
  return `${up} of ${up + down}${untried === 0 ? '' : `, ${untried} untried`}`
}

export function dropsText({ total, sinceSeconds, reasons, meanings }: Drops): string {
  const rows = Object.entries(reasons)
    .filter(([, count]) => count > 0)
    .sort(([, one], [, other]) => other - one)
    .map(([reason, count]) => [reason, String(count), meanings[reason] ?? ''])
  const head = `${total} packets dropped in ${durationText(sinceSeconds)}\n`
  return rows.length === 0 ? head : `${head}\n${table(['REASON', 'PACKETS', ''], rows)}`
}

export function healthText({ isHealthy, problems }: Health): string {
  return isHealthy ? 'all is well\n' : problems.map((problem) => `${problem}\n`).join('')
}

export function sessionsText({ sessions }: SessionsAnswer): string {
  if (sessions.length === 0) return 'no peer is configured\n'
  const rows = sessions.map((session) => [
    session.peer,
    session.lastError === null || session.state === 'up'
      ? session.state
      : `${session.state} (${session.lastError})`,
    durationText(session.stateSeconds),
    session.handshakeRole ?? '–',
    session.suite ?? '–',
    session.uplink ?? '–',
    session.endpoint ?? '–',
    session.keypairSeconds === null ? '–' : durationText(session.keypairSeconds),
    `${session.handshakes} + ${session.rekeys}`,
    failuresText(session.failures),
  ])
  const head = ['PEER', 'STATE', 'FOR', 'HANDSHAKE', 'SUITE', 'UPLINK', 'ENDPOINT', 'KEY AGE']
  return table([...head, 'SESSIONS + REKEYS', 'FAILED'], rows)
}

function failuresText(failures: Readonly<Record<string, number>>): string {
  const some = Object.entries(failures).filter(([, count]) => count > 0)
  return some.length === 0 ? '–' : some.map(([reason, count]) => `${reason} ${count}`).join(', ')
}

export function denialsText({ denials }: DenialsAnswer): string {
  if (denials.length === 0) return 'nothing was denied since the gateway started\n'
  const rows = denials.map((denial) => [
    `${durationText(denial.ageSeconds)} ago`,
    flowText(denial.source, denial.sourcePort),
    flowText(denial.destination, denial.destinationPort),
    protocolName(denial.protocol),
    `${denial.segment || '?'} > ${denial.toSegment || '?'}`,
    denial.rule || 'default',
    denial.peer || '–',
    denial.reason,
    denial.suppressed === 0 ? '' : `and ${denial.suppressed} before`,
  ])
  return table(['WHEN', 'FROM', 'TO', 'PROTOCOL', 'SEGMENTS', 'RULE', 'PEER', 'REASON', ''], rows)
}

const protocolNames: Readonly<Record<number, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  58: 'icmp6',
}

export function protocolName(number: number): string {
  return protocolNames[number] ?? String(number)
}

function flowText(address: string, port: number): string {
  return port === 0 ? address : formatEndpoint({ address, port })
}

/** A line an event; nothing for figures of a second, and for what other events say too. @param at when it was heard of; told in UTC, as the history does */
export function eventText(event: ApiEvent, at: Date): string {
  if (event.kind === 'sample' || event.kind === 'told') return ''
  return `${timeText(at.toISOString())}  ${happeningText(event)}\n`
}

/** @param time RFC 3339, in UTC */
export function timeText(time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')}Z`
}

function happeningText(event: Exclude<ApiEvent, SampleEvent | ToldEvent>): string {
  switch (event.kind) {
    case 'status':
      return event.status.health
    case 'health':
      return event.isHealthy ? 'all is well' : `problems: ${event.problems.join('; ')}`
    case 'datapath':
      return `datapath ${event.isConnected ? 'connected' : 'lost'}`
    case 'config':
      if (event.revision === null) return 'no configuration runs'
      return `revision ${event.revision} runs, ${sourceText[event.source]}`
    case 'change':
      return changeText(event)
    case 'uplink':
      return `uplink ${event.uplink} is ${event.isUp === null ? 'unknown' : event.isUp ? 'up' : 'down'}`
    case 'peer':
      return `peer ${event.peer} ${peerEventText(event.state)}`
    case 'reach': {
      const why = event.explanation === null ? '' : `: ${event.explanation}`
      if (event.how === 'none') return `peer ${event.peer} is not reached`
      const by = event.how === 'direct' ? 'directly' : `through relay ${event.relay ?? '–'}`
      return `peer ${event.peer} is reached ${by}${why}`
    }
    case 'path': {
      const why = event.explanation === null ? '' : `: ${event.explanation}`
      return `path ${wayText(event)} of ${event.peer} is ${event.state}${why}`
    }
    case 'best-path':
      return `peer ${event.peer} is reached by ${wayText(event)} now`
    case 'firmware': {
      const { version, isProven, reason } = event
      if (isProven) return `firmware ${version} has proven itself`
      return `went back from firmware ${version}: ${reason ?? 'unknown'}`
    }
  }
}

function peerEventText(state: PeerStatus['state'] | null): string {
  if (state === 'unreached') return 'has a session, and no path that carries packets'
  return `is ${state ?? 'configured no more'}`
}

function changeText({ revision, step, remainingSeconds, reason }: ConfigChangeEvent): string {
  switch (step) {
    case 'begun':
      return `revision ${revision} is being applied`
    case 'in-place':
      return `revision ${revision} is in place: taken back in ${remainingSeconds} s unless confirmed`
    case 'confirmed':
      return `revision ${revision} is confirmed`
    case 'taken-back':
      return takenBackText(revision, reason)
  }
}

/** Who or what took it back, as far as that is known. */
export function takenBackText(revision: number, reason: LastChange['reason']): string {
  const { message = 'unknown', detail } = reason ?? {}
  const more = detail === undefined ? '' : ` (${detail})`
  return `revision ${revision} was taken back: ${message}${more}`
}

/** Where what runs comes from. */
export const sourceText: Readonly<Record<string, string>> = {
  file: 'from device.yaml',
  factory: 'what a blank box runs until it has an owner',
  'last-good': 'the last good one, since device.yaml cannot be used',
  candidate: 'not confirmed yet',
  none: '',
}

export function rateText(throughput: Throughput | null, direction: keyof Throughput): string {
  if (throughput === null) return '–'
  return bitsText(throughput[direction])
}
