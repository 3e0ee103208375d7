/** Diagnostics as a whole: tests, recordings, log and bundle, opened over what the box knows and what the machine can. */
import type { Clock } from '../../host/clock/clock.ts'
import { keptFor } from '../../host/clock/kept.ts'
import type { DiagnoseMachine } from '../../host/diagnose/machine.ts'
import type { Log } from '../../host/system/log.ts'
import type { Places } from '../../host/system/places.ts'
import type { DeviceConfig } from '../../model/device-config.ts'
import { CausewayError } from '../../model/errors.ts'
import type { CaptureAnswer, CaptureRequest } from '../../model/local-api-capture.ts'
import type { PlacesAnswer } from '../../model/local-api-diagnose.ts'
import type { LocalPrincipal } from '../../model/local-user.ts'
import { interfaceOf, kindOf } from '../../model/nic.ts'
import type { SpeedItem } from '../../wire/speed.ts'
import type { X25519Pair } from '../../wire/x25519.ts'
import type { CaptureRouteParts } from '../api/capture-routes.ts'
import type { DiagnoseParts } from '../api/diagnose-routes.ts'
import { fieldsOf } from '../log-fields.ts'
import { Bundles } from './bundle.ts'
import { capturePlaceOf } from './capture-place.ts'
import { Captures } from './captures.ts'
import { dnsWork } from './dns.ts'
import { type FlowSources, flowsAnswer } from './flows.ts'
import { linkWork } from './link.ts'
import { logLine } from './log-lines.ts'
import { mtuWork } from './mtu.ts'
import { pingWork } from './ping.ts'
import { configOf, type Surroundings } from './place.ts'
import { Runs } from './runs.ts'
import { spellings } from './scrub.ts'
import { speedWork } from './speed.ts'
import { SpeedServer } from './speed-server.ts'
import { openSpeedTalk, type SendSpeed } from './speed-talk.ts'
import { traceWork } from './trace.ts'

/** A table is read for it, and a program run: whoever asks meanwhile gets the same. */
const flowsMs = 2_000

/** For the box's record of what was done: reading changes nothing, so the routes' own does not tell of it. */
export type Audit = (who: LocalPrincipal, what: string, target: string) => void

export interface DiagnoseOpening extends Omit<Surroundings, 'tools'> {
  readonly clock: Clock
  readonly places: Places
  readonly log: Log
  /** Cryptographically strong. */
  readonly random: (bytes: number) => Uint8Array
  readonly wallMs: () => number
  readonly wireKey: X25519Pair
  readonly machine: DiagnoseMachine
  readonly audit: Audit
  readonly flowSources: Omit<FlowSources, 'tools'>
  readonly sendSpeed: SendSpeed
  /** What is told of the box, by the name of a file in the bundle. */
  readonly answers: Readonly<Record<string, () => unknown>>
}

export interface Diagnose {
  readonly diagnose: DiagnoseParts
  readonly capture: CaptureRouteParts
}

export interface OpenDiagnose extends Diagnose {
  /** A peer speaks of a speed test: of its own, or of this box's. */
  readonly onSpeed: (peer: string, item: SpeedItem) => void
}

/** @param owned takes what must be closed */
export function openDiagnose(
  opening: DiagnoseOpening,
  owned: { use<Value extends Disposable>(value: Value): Value },
): OpenDiagnose {
  const { clock, machine, random, audit } = opening
  const { tools, captureFiles: files } = machine
  const around: Surroundings = { ...opening, tools }
  const newId = (): string => Buffer.from(random(8)).toString('hex')
  const onFault = (error: unknown): void => opening.log.error(fieldsOf(error), 'diagnostics fault')
  const runs = owned.use(new Runs(clock, newId, onFault))
  const captures = owned.use(new Captures({ clock, tools, files, newId, onFault }))
  const log = (after: number) => ({ lines: machine.logRing.after(after).map(logLine) })
  const bundles = bundlesOf(opening, log)
  const { speed, onSpeed } = openSpeed(opening, runs, owned)
  const flowSources = { ...opening.flowSources, tools }
  return {
    onSpeed,
    diagnose: {
      speed,
      places: () => placesOf(opening.config()),
      ping: (request) => runs.begin('ping', pingWork(request, around)),
      trace: (request) => runs.begin('trace', traceWork(request, around)),
      mtu: (request) => runs.begin('mtu', mtuWork(request, around)),
      dns: (request) => runs.begin('dns', dnsWork(request, around)),
      link: (request) => runs.begin('link', linkWork(request, around)),
      run: (id) => runs.show(id),
      stopRun: (id) => runs.stop(id),
      log,
      flows: keptFor(
        flowsMs,
        () => clock.nowMs(),
        () => flowsAnswer(flowSources),
      ),
      bundle: async (who) => {
        const { bytes } = await bundles.make()
        audit(who, 'support bundle', '')
        return bytes
      },
    },
    capture: captureParts(opening, captures),
  }
}

function openSpeed(
  opening: DiagnoseOpening,
  runs: Runs,
  owned: Parameters<typeof openDiagnose>[1],
): Pick<DiagnoseParts, 'speed'> & Pick<OpenDiagnose, 'onSpeed'> {
  const { tools } = opening.machine
  const talk = openSpeedTalk({ ...opening, send: opening.sendSpeed })
  const isBusy = (): boolean => runs.isRunning('speed')
  const server = owned.use(new SpeedServer({ ...opening, tools, isBusy, send: opening.sendSpeed }))
  return {
    speed: (request) => {
      if (server.isBusy) throw new CausewayError('API_BUSY', 'a peer measures with this box now')
      return runs.begin('speed', speedWork(request, { ...opening, tools }, talk))
    },
    onSpeed: (peer, item) => {
      if (item.type === 'speed-open') void server.onOpen(peer, item)
      else if (item.type === 'speed-close') server.onClose(peer, item)
      else talk.onAnswer(peer, item)
    },
  }
}

function placesOf(config: DeviceConfig | null): PlacesAnswer {
  const names = (parts: readonly { readonly name: string }[] = []) => parts.map(({ name }) => name)
  const { uplinks, lans, segments, peers } = config ?? {}
  const own = { uplinks: names(uplinks), lans: names(lans), segments: names(segments) }
  return { ...own, peers: names(peers) }
}

function captureParts(opening: DiagnoseOpening, captures: Captures): CaptureRouteParts {
  const { places, audit } = opening
  return {
    begin: async (request: CaptureRequest, isFull: boolean): Promise<CaptureAnswer> => {
      const place = capturePlaceOf(request, configOf(opening), places.nicNetns)
      return captures.begin(request, place, isFull)
    },
    list: () => captures.list(),
    show: (id) => captures.show(id),
    stop: (id) => captures.stop(id),
    file: async (id, who) => {
      const bytes = await captures.file(id)
      const { place, isFull } = captures.show(id)
      audit(who, 'recording fetched', `${place}${isFull ? ', whole packets' : ''}`)
      return bytes
    },
  }
}

function bundlesOf(opening: DiagnoseOpening, log: DiagnoseParts['log']): Bundles {
  const { config, places, wallMs, wireKey, machine, answers } = opening
  const nics = (): readonly string[] => {
    const { uplinks = [], lans = [] } = config() ?? {}
    const named = [...uplinks, ...lans].filter(({ nic }) => kindOf(nic) === 'netdev')
    return [...new Set(named.map(({ nic }) => interfaceOf(nic)))]
  }
  return new Bundles({
    ...{ instance: places.instance, wallMs },
    answers: {
      ...answers,
      'log.ndjson': () =>
        log(0)
          .lines.map((line) => `${JSON.stringify(line)}\n`)
          .join(''),
    },
    facts: () => machine.facts(nics()),
    secrets: () => spellings(wireKey.privateKey.export({ format: 'raw-private' })),
  })
}
