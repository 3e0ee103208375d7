/** What happened, in a sentence for people: one of each event that is worth one, and how it reads when it repeats. Pure. */
import type { ApiEvent, ConfigChangeEvent } from '../model/local-api-event.ts'
import type { RecentEvent } from '../model/local-api-recent.ts'

export interface Words extends Pick<RecentEvent, 'kind' | 'subject' | 'severity' | 'sentence'> {
  /** Those of one key may be one thing that comes and goes; null: each stands for itself. */
  readonly key: string | null
  /** `change`: neither is better. */
  readonly turn: 'bad' | 'good' | 'change'
  /** Of the second time on, as it is now and once it is over. */
  readonly repeated: (times: number, duration: string) => string
  /** Several at once have one sentence; null: never. */
  readonly together: Together | null
}

export interface Together {
  readonly key: string
  readonly sentence: (names: string) => string
}

/** Of a sentence that is kept. */
const mostLetters = 400

/** Null: not worth a sentence, or told by another event. */
export function wordsOf(event: ApiEvent): Words | null {
  switch (event.kind) {
    case 'uplink':
      return event.isUp === null ? null : uplinkWords(event.uplink, event.isUp)
    case 'peer':
      return event.state === null ? null : peerWords(event.peer, event.state === 'up')
    case 'path':
      return pathWords(event)
    case 'best-path': {
      const { peer, uplink } = event
      const sentence = `${peer} is reached by ${uplink} now`
      const repeated = (times: number, duration: string): string =>
        `the best way to ${peer} changed ${times} times in ${duration}; now it is ${uplink}`
      return changing({ kind: 'path', subject: peer, sentence }, `best ${peer}`, repeated)
    }
    case 'reach':
      return reachWords(event)
    case 'datapath':
      return datapathWords(event.isConnected)
    case 'health':
      return healthWords(event.isHealthy, event.problems)
    case 'config': {
      const { revision, source } = event
      const sentence =
        revision === null ? 'no configuration runs' : `revision ${revision} runs${origin(source)}`
      return single({ kind: 'config', severity: revision === null ? 'bad' : 'info', sentence })
    }
    case 'change':
      return changeWords(event)
    case 'firmware':
      return firmwareWords(event)
    case 'status':
    case 'sample':
    case 'told':
      return null
  }
}

/** At the start of the gateway. */
export function startWords(version: string): Words {
  return single({ kind: 'box', severity: 'info', sentence: `the gateway has started (${version})` })
}

function uplinkWords(name: string, isUp: boolean): Words {
  return {
    ...{ kind: 'uplink', subject: name, severity: isUp ? 'good' : 'bad' },
    sentence: isUp ? `uplink ${name} is up` : `uplink ${name} is down: its NIC has no carrier`,
    ...{ key: `uplink ${name}`, turn: isUp ? 'good' : 'bad' },
    repeated: comesAndGoes(`uplink ${name}`, isUp, 'is down', 'went down'),
    together: null,
  }
}

function peerWords(name: string, isUp: boolean): Words {
  return {
    ...{ kind: 'peer', subject: name, severity: isUp ? 'good' : 'bad' },
    sentence: isUp ? `${name} is connected` : `${name} is not connected any more`,
    ...{ key: `peer ${name}`, turn: isUp ? 'good' : 'bad' },
    repeated: comesAndGoes(name, isUp, 'is lost', 'was lost'),
    together: {
      key: `peer ${isUp}`,
      sentence: (names) => `${names} are ${isUp ? '' : 'not '}connected${isUp ? '' : ' any more'}`,
    },
  }
}

function pathWords(event: ApiEvent & { readonly kind: 'path' }): Words {
  const { peer, uplink, endpoint, state, explanation } = event
  const isUp = state === 'up'
  const why = explanation === null ? '' : `: ${explanation}`
  const path = `the path to ${peer} by ${uplink}`
  return {
    ...{ kind: 'path', subject: peer, severity: isUp ? 'good' : 'warning' },
    sentence: isUp ? `${path} (${endpoint}) is up` : `${path} (${endpoint}) is down${why}`,
    ...{ key: `path ${peer} ${uplink} ${endpoint}`, turn: isUp ? 'good' : 'bad' },
    repeated: comesAndGoes(path, isUp, 'is down', 'went down'),
    together: {
      key: `path ${isUp} ${uplink}`,
      sentence: (names) => `the paths by ${uplink} to ${names} are ${isUp ? 'up' : `down${why}`}`,
    },
  }
}

function reachWords(event: ApiEvent & { readonly kind: 'reach' }): Words | null {
  const { peer, how, relay, explanation } = event
  if (how === 'none') return null
  const why = explanation === null ? '' : `: ${explanation}`
  const way = how === 'direct' ? 'directly' : `through relay ${relay ?? '–'}`
  const repeated = (times: number, duration: string): string =>
    `the way to ${peer} changed ${times} times in ${duration}; now it is reached ${way}`
  const words = changing(
    { kind: 'reach', subject: peer, sentence: `${peer} is reached ${way}${why}` },
    `reach ${peer}`,
    repeated,
  )
  return { ...words, severity: how === 'direct' ? 'good' : 'info' }
}

function datapathWords(isConnected: boolean): Words {
  return {
    ...{ kind: 'datapath', subject: null, severity: isConnected ? 'good' : 'bad' },
    sentence: isConnected ? 'the datapath answers' : 'the datapath does not answer',
    ...{ key: 'datapath', turn: isConnected ? 'good' : 'bad' },
    repeated: comesAndGoes('the datapath', isConnected, 'is away', 'went away'),
    together: null,
  }
}

function healthWords(isHealthy: boolean, problems: readonly string[]): Words {
  const more = problems.length < 2 ? '' : `, and ${problems.length - 1} more`
  const sentence = isHealthy ? 'all is well' : `not well: ${problems[0] ?? 'unknown'}${more}`
  return {
    ...{ kind: 'health', subject: null, severity: isHealthy ? 'good' : 'warning', sentence },
    ...{ key: 'health', turn: isHealthy ? 'good' : 'bad' },
    repeated: (times, duration) =>
      isHealthy
        ? `all is well again, after trouble ${times} times in ${duration}`
        : `${sentence} (trouble ${times} times in ${duration})`,
    together: null,
  }
}

function changeWords({
  revision,
  step,
  remainingSeconds,
  reason,
}: ConfigChangeEvent): Words | null {
  const of = (severity: Words['severity'], sentence: string): Words =>
    single({ kind: 'config', severity, sentence })
  switch (step) {
    case 'begun':
      return null
    case 'in-place':
      return of(
        'info',
        `revision ${revision} is tried: taken back in ${remainingSeconds} s unless confirmed`,
      )
    case 'confirmed':
      return of('good', `revision ${revision} is confirmed`)
    case 'taken-back':
      return of('warning', `revision ${revision} was taken back: ${reason?.message ?? 'unknown'}`)
  }
}

function firmwareWords({
  version,
  isProven,
  reason,
}: ApiEvent & { readonly kind: 'firmware' }): Words {
  const sentence = isProven
    ? `firmware ${version} has proven itself`
    : `went back from firmware ${version}: ${reason ?? 'unknown'}`
  // Its kind is one that older versions, which may read it, know.
  return single({
    ...{ kind: 'box', severity: isProven ? 'good' : 'bad' },
    sentence: sentence.slice(0, mostLetters),
  })
}

function origin(source: string): string {
  if (source === 'last-good') return ', the last good one, since device.yaml cannot be used'
  return source === 'factory' ? ', as a blank box has it' : ''
}

function single(words: Pick<Words, 'kind' | 'severity' | 'sentence'>): Words {
  const { sentence } = words
  return {
    ...words,
    ...{ subject: null, key: null, turn: 'change', together: null, repeated: () => sentence },
  }
}

function changing(
  words: Pick<Words, 'kind' | 'subject' | 'sentence'>,
  key: string,
  repeated: Words['repeated'],
): Words {
  return { ...words, severity: 'info', key, turn: 'change', repeated, together: null }
}

function comesAndGoes(what: string, isUp: boolean, is: string, was: string): Words['repeated'] {
  return (times, duration) =>
    isUp
      ? `${what} ${was} and came back ${times} times in ${duration}`
      : `${what} ${is} again, the ${ordinal(times)} time in ${duration}`
}

function ordinal(number: number): string {
  const tens = number % 100
  if (tens >= 11 && tens <= 13) return `${number}th`
  return `${number}${['th', 'st', 'nd', 'rd'][number % 10] ?? 'th'}`
}

/** In the unit in which people would say it. */
export function durationText(seconds: number): string {
  const of = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'}`
  if (seconds < 100) return of(Math.max(1, Math.round(seconds)), 'second')
  if (seconds < 100 * 60) return of(Math.round(seconds / 60), 'minute')
  if (seconds < 48 * 3600) return of(Math.round(seconds / 3600), 'hour')
  return of(Math.round(seconds / 86_400), 'day')
}

/** Of many the first ones. */
export function namesText(names: readonly string[]): string {
  const named = names.length > 4 ? names.slice(0, 3) : names
  const rest = names.length - named.length
  if (rest > 0) return `${named.join(', ')} and ${rest} others`
  return named.length < 2
    ? named.join('')
    : `${named.slice(0, -1).join(', ')} and ${named.at(-1) ?? ''}`
}
