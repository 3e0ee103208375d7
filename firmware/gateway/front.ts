/**
 * What is told of the gateway, and to whom: status, changes of it, metrics, the local API on its socket and in the LANs. Does
 * nothing of the gateway's work itself.
 */
import type { Clock } from '../host/clock/clock.ts'
import { controllerPlacesOf } from '../host/config/controller-settings.ts'
import type { DeviceKey } from '../host/pki/device-key.ts'
import type { Services } from '../host/service/service.ts'
import type { Certificate } from '../host/system/certificate.ts'
import type { Log } from '../host/system/log.ts'
import type { Places } from '../host/system/places.ts'
import { CausewayError } from '../model/errors.ts'
import type { Status } from '../model/local-api.ts'
import type { ApiEvent, ConfigChangeEvent } from '../model/local-api-event.ts'
import { strangerPrincipal } from '../model/local-user.ts'
import type { Counters } from '../model/program.ts'
import { version } from '../model/version.ts'
import { encodeWireKey } from '../model/wire-key.ts'
import { lanApiAddresses } from '../plan/lan-api.ts'
import { metricsType, renderMetrics } from '../plan/metrics.ts'
import { hubNames, natAnswers } from '../plan/nat-status.ts'
import { composePaths, namePaths } from '../plan/path-status.ts'
import type { SampleFacts } from '../plan/sample.ts'
import { composeDrops, composeStatus } from '../plan/status.ts'
import type { X25519Pair } from '../wire/x25519.ts'
import { type ApiParts, openApi } from './api/api.ts'
import type { HistoryRouteParts } from './api/history-routes.ts'
import { LanApi } from './api/lan-api.ts'
import { routeFor } from './api/local-route.ts'
import { routesOf } from './api/routes.ts'
import type { SystemParts } from './api/system-routes.ts'
import { noUsers } from './backup.ts'
import { configAnswers } from './config-answer.ts'
import type { Core } from './core.ts'
import { denialAnswer } from './denial-answer.ts'
import { explainAnswer } from './explain-answer.ts'
import { openRecorder } from './history/recorder.ts'
import { fieldsOf } from './log-fields.ts'
import type { BoxOwner } from './owner.ts'
import type { Outcome } from './reconcile.ts'
import { sessionAnswer } from './session-answer.ts'
import { StatusWatch } from './status-watch.ts'
import { type Host, openSystem } from './system.ts'

export interface FrontParts {
  readonly places: Places
  readonly clock: Clock
  readonly wallMs: () => number
  readonly log: Log
  readonly wireKey: X25519Pair
  readonly services: Services
  /** For HTTPS on these addresses. @throws STORE_, HOST_ errors */
  readonly certificate: (addresses: readonly string[]) => Promise<Certificate>
  readonly lanApiPort: number
  readonly host: Host
  readonly key: Pick<DeviceKey, 'deviceId'>
}

export interface Front {
  readonly status: () => Status
  readonly onPass: (outcome: Outcome) => void
  readonly onChange: (event: ConfigChangeEvent) => void
  readonly onPath: (event: ApiEvent) => void
  /** Opens the API's socket. @throws API_IN_USE */
  readonly listen: () => Promise<void>
}

/** @param owned takes what must be closed, in the order in which it was opened */
export function openFront(
  parts: FrontParts,
  core: Core,
  owner: BoxOwner,
  owned: AsyncDisposableStack,
): Front {
  const { clock, log } = parts
  const status = statusOf(parts, core)
  const watch = owned.use(new StatusWatch({ clock, status }))
  const history = openRecorder(
    { ...parts, folder: parts.places.historyFolder, watch, facts: () => sampleFacts(core) },
    owned,
  )
  const { parts: system, backups } = openSystem(
    {
      ...{ ...parts, status, users: noUsers },
      wireKey: encodeWireKey(parts.wireKey.publicKey),
      deviceId: () => parts.key.deviceId,
    },
    core,
    owner,
  )
  const answers = answersOf(core, { log, status, watch, enrolment: owner, history, system })
  const lanApi = owned.use(
    new LanApi({
      clock,
      port: parts.lanApiPort,
      routes: routesOf(answers)
        .filter(({ needs }) => needs === 'anybody' || needs === 'status')
        .map((route) => routeFor(route, strangerPrincipal)),
      certificate: parts.certificate,
      onFault: (error) => log.error(fieldsOf(error), 'LAN API fault'),
    }),
  )
  return {
    status,
    onPass: ({ running, absentNics }) => {
      watch.look()
      void lanApi.listen(lanApiAddresses(running.config, absentNics))
    },
    onChange: (event) => {
      backups.onChange(event)
      watch.tell(event)
    },
    onPath: (event) => watch.tell(event),
    listen: async () => {
      owned.use(await openApi({ socketPath: parts.places.apiSocket, ...answers }))
    },
  }
}

function sampleFacts({ reconciler, telemetry }: Core): SampleFacts {
  return { config: reconciler.outcome.running.config, ...telemetry.reading }
}

function statusOf({ places, clock, wireKey, services }: FrontParts, core: Core): () => Status {
  const startedAtMs = clock.nowMs()
  return () => {
    const { running, failure, ...outcome } = core.reconciler.outcome
    return composeStatus({
      version,
      instance: places.instance,
      wireKey: encodeWireKey(wireKey.publicKey),
      uptimeMs: clock.nowMs() - startedAtMs,
      ...running,
      pendingChange: core.changes.pending,
      ...outcome,
      services: services.status(),
      failure: failure?.toJSON() ?? null,
      ...core.telemetry.reading,
      sessions: core.peering.status(),
      nats: natAnswers(core.nat.readings(), clock.nowMs(), hubNames(running.config?.peers ?? [])),
      reaches: core.peering.reaches(),
      relaying: core.peering.relaying(),
    })
  }
}

interface Told extends Pick<FrontParts, 'log'>, Pick<Front, 'status'> {
  readonly watch: StatusWatch
  readonly enrolment: BoxOwner
  readonly history: HistoryRouteParts
  readonly system: SystemParts
}

function answersOf(
  core: Core,
  { log, status, watch, enrolment, history, system }: Told,
): Omit<ApiParts, 'socketPath'> {
  const { source, changes, reconciler, telemetry, peering, denials } = core
  const paths = () => {
    const { counters, rates, uplinks } = telemetry.reading
    const { config } = reconciler.outcome.running
    return namePaths(config === null ? null : { peers: config.peers, uplinks }, counters, rates)
  }
  const names = () => reconciler.outcome.running.config?.peers ?? []
  const ready = (): Counters => {
    const { counters } = telemetry.reading
    if (counters !== null) return counters
    throw new CausewayError('API_NOT_READY', 'the datapath does not answer')
  }
  return {
    status,
    sessions: () => peering.status().map((session) => sessionAnswer(session, names())),
    denials: () => denials.recent().map(denialAnswer),
    explain: (request) => explainAnswer(core, status, request),
    subscribe: (listener) => watch.listen(listener),
    config: configAnswers(source, changes),
    enrolment: {
      show: () => enrolment.answer,
      confirm: (code) => enrolment.confirm(code),
      ask: (settings) => enrolment.ask(controllerPlacesOf(settings)),
      reset: () => enrolment.reset(),
    },
    ...{ history, system },
    drops: () => composeDrops(ready()),
    paths: () => {
      ready()
      return composePaths(paths(), peering.reaches(), names())
    },
    metrics: () => ({
      text: renderMetrics(
        status(),
        telemetry.reading.counters,
        peering.status(),
        paths(),
        core.nat.counters(),
        peering.strays(),
        telemetry.reading.queues?.now.queues ?? null,
      ),
      type: metricsType,
    }),
    onFault: (error) => log.error(fieldsOf(error), 'API fault'),
  }
}
