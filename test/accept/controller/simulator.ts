/**
 * Many boxes in one process: of each the control link as a gateway has it, with its own key and certificate over mutual TLS, and
 * nothing behind it: `apply` notes when it was asked. Started with a file of `SimulatorSetup`; asked by lines of JSON on stdin, and
 * answers by such on stdout. What it says of times is of the machine's monotonic clock, which is one for all processes.
 */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { ControllerLink } from '../../../firmware/gateway/controller-link.ts'
import { systemClock } from '../../../firmware/host/clock/system.ts'
import { openLink } from '../../../firmware/host/link/client.ts'
import type { Link } from '../../../firmware/host/link/link.ts'
import type { Log } from '../../../firmware/host/system/log.ts'
import { linkPath } from '../../../firmware/model/control-link.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { EdgeIdentity } from './many-edges.ts'

export interface SimulatorSetup {
  readonly port: number
  /** PEM. */
  readonly authority: string
  readonly edges: readonly EdgeIdentity[]
  /** To see that it would be noticed. */
  readonly spoil: {
    /** So many boxes apply nothing but their first configuration. */
    readonly deaf: number
    /** All boxes hear so much later. */
    readonly lateMs: number
    /** So many boxes never come back. */
    readonly lost: number
  }
}

export type SimulatorAsk =
  /** All boxes begin to link. */
  | { readonly ask: 'start' }
  /** Answered once all boxes apply a configuration with this mark, or when the time is over. */
  | { readonly ask: 'mark'; readonly mark: number; readonly withinMs: number }
  /** Answered once all boxes have been welcomed after this, or when the time is over. */
  | { readonly ask: 'welcome'; readonly withinMs: number }
  /** Those that never come back are gone. */
  | { readonly ask: 'lose' }
  /** Answered at once. */
  | { readonly ask: 'spent' }

export type SimulatorAnswer =
  | {
      readonly answer: 'mark'
      readonly mark: number
      /** Of each box: when its message had come, when it applied it; 0: not yet. */
      readonly arrivedUs: readonly number[]
      readonly appliedUs: readonly number[]
    }
  | { readonly answer: 'welcome'; readonly welcomedUs: readonly number[] }
  | {
      readonly answer: 'spent'
      readonly cpuUs: number
      readonly warnings: Readonly<Record<string, number>>
    }

const openTimeoutMs = 10_000
const reportMs = 10_000

const setup = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as SimulatorSetup
const ownerKeys = [new X509Certificate(setup.authority).publicKey]
const clock = systemClock()
const warnings: Record<string, number> = {}
const log: Log = {
  info: () => {},
  warn: ({ code = 'none' }) => {
    warnings[code] = (warnings[code] ?? 0) + 1
  },
  error: () => {},
}

/** What is wanted of all boxes: when each did it. */
interface Wanted {
  readonly arrivedUs: Float64Array
  readonly times: Float64Array
  left: number
  /** Asked for, and not answered. */
  tell: (() => void) | null
}

let welcome: Wanted | null = null
const marks = new Map<number, Wanted>()
const { length: count } = setup.edges
const links: ControllerLink[] = []

function nowUs(): number {
  return Number(process.hrtime.bigint() / 1_000n)
}

function newWanted(): Wanted {
  const times = () => new Float64Array(count)
  return { arrivedUs: times(), times: times(), left: count, tell: null }
}

function note(wanted: Wanted, at: number): void {
  if (wanted.times[at] !== 0) return
  wanted.times[at] = nowUs()
  if (--wanted.left === 0) wanted.tell?.()
}

/** Answers once: when all have done it, or when the time is over. */
function answerLater(wanted: Wanted, withinMs: number, answer: () => SimulatorAnswer): void {
  const timer = setTimeout(() => wanted.tell?.(), withinMs)
  wanted.tell = () => {
    clearTimeout(timer)
    wanted.tell = null
    say(answer())
  }
  if (wanted.left === 0) wanted.tell()
}

function say(answer: SimulatorAnswer): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}

/** Marks are noted before they are asked for: the fastest box may be faster than the one who asks. */
function wantedOf(mark: number): Wanted {
  const wanted = marks.get(mark) ?? newWanted()
  marks.set(mark, wanted)
  return wanted
}

function onApplied(at: number, config: DeviceConfig, arrivedUs: number): void {
  if (at < setup.spoil.deaf && config.revision > 1) return
  const wanted = wantedOf(config.policies?.find(({ name }) => name === 'voice')?.latencyMs ?? 0)
  wanted.arrivedUs[at] = arrivedUs
  note(wanted, at)
}

function startEdge({ deviceId, key, certificate }: EdgeIdentity, at: number): void {
  let arrivedUs = 0
  const open = async (): Promise<Link> => {
    const link = await openLink({
      ...{ controller: { host: '127.0.0.1', port: setup.port }, path: linkPath },
      ...{ own: { key, certificate }, authorities: [setup.authority], timeoutMs: openTimeoutMs },
    })
    return heard(link, () => {
      arrivedUs = nowUs()
    })
  }
  const link = new ControllerLink({
    ...{ clock, log, random: Math.random, firmware: 'simulated', deviceId, ownerKeys, open },
    had: null,
    apply: async (config) => onApplied(at, config, arrivedUs),
    confirm: async () => {},
    onCertificate: async () => {},
    onReleased: () => {},
    onTime: () => {
      if (welcome !== null) note(welcome, at)
    },
  })
  links.push(link)
}

/** The same link; what comes by it is noted. */
function heard(link: Link, onMessage: () => void): Link {
  return {
    send: (text) => link.send(text),
    get waitingBytes() {
      return link.waitingBytes
    },
    onMessage: (listener) =>
      link.onMessage((text) => {
        onMessage()
        const { lateMs } = setup.spoil
        if (lateMs > 0 && text.includes('config')) setTimeout(listener, lateMs, text)
        else listener(text)
      }),
    onClose: (listener) => link.onClose(listener),
    close: (code, reason) => link.close(code, reason),
  }
}

/** As often as boxes may, each at its own time. Those without a link say nothing. */
function startReports(): void {
  let next = 0
  setInterval(() => {
    links[next++ % links.length]!.say({
      ...{ kind: 'report', isHealthy: true, problems: [] },
      ...{ peers: 4, peersUp: 4, rxBytes: next * 1_000, txBytes: next * 1_000 },
    })
  }, reportMs / count)
}

function onAsked(asked: SimulatorAsk): void {
  switch (asked.ask) {
    case 'start':
      for (const [at, edge] of setup.edges.entries()) startEdge(edge, at)
      startReports()
      return
    case 'mark': {
      const { mark, withinMs } = asked
      const wanted = wantedOf(mark)
      answerLater(wanted, withinMs, () => {
        return {
          ...{ answer: 'mark', mark },
          ...{ arrivedUs: [...wanted.arrivedUs], appliedUs: [...wanted.times] },
        }
      })
      return
    }
    case 'welcome': {
      const wanted = newWanted()
      welcome = wanted
      answerLater(wanted, asked.withinMs, () => {
        return { answer: 'welcome', welcomedUs: [...wanted.times] }
      })
      return
    }
    case 'lose':
      for (const link of links.slice(0, setup.spoil.lost)) link[Symbol.dispose]()
      return
    case 'spent': {
      const { user, system } = process.cpuUsage()
      say({ answer: 'spent', cpuUs: user + system, warnings })
    }
  }
}

process.once('SIGTERM', () => process.exit(0))
createInterface({ input: process.stdin })
  .on('line', (line) => onAsked(JSON.parse(line) as SimulatorAsk))
  .on('close', () => process.exit(0))
