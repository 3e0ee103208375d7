/**
 * What is told of the gateway, and to whom: status, changes of it, metrics, the local API on its socket and in the LANs. Does
 * nothing of the gateway's work itself.
 */
import type { CancelTimer, Clock } from '../host/clock/clock.ts'
import { keptForGood } from '../host/clock/kept.ts'
import { controllerPlacesOf } from '../host/config/controller-settings.ts'
import type { DiagnoseMachine } from '../host/diagnose/machine.ts'
import type { DeviceKey } from '../host/pki/device-key.ts'
import type { Services } from '../host/service/service.ts'
import type { Certificate } from '../host/system/certificate.ts'
import type { Log } from '../host/system/log.ts'
import type { Places } from '../host/system/places.ts'
import type { Page } from '../host/web/pages.ts'
import { CausewayError } from '../model/errors.ts'
import type { Status } from '../model/local-api.ts'
import type { ApiEvent, ConfigChangeEvent } from '../model/local-api-event.ts'
import type { Counters } from '../model/program.ts'
import { version } from '../model/version.ts'
import { encodeWireKey } from '../model/wire-key.ts'
import { lanApiOf } from '../plan/lan-api.ts'
import { metricsType, renderMetrics } from '../plan/metrics.ts'
import { hubNames, natAnswers } from '../plan/nat-status.ts'
import { composePaths, namePaths } from '../plan/path-status.ts'
import type { SampleFacts } from '../plan/sample.ts'
import { composeDrops, composeStatus } from '../plan/status.ts'
import type { X25519Pair } from '../wire/x25519.ts'
import { Access, type AccessParts } from './access/access.ts'
import { type ApiParts, openApi } from './api/api.ts'
import { openGate } from './api/gate.ts'
import type { HistoryRouteParts } from './api/history-routes.ts'
import { LanApi } from './api/lan-api.ts'
import type { LanParts } from './api/lan-routes.ts'
import { pagePlaces } from './api/page-places.ts'
import { routesOf } from './api/routes.ts'
import type { SystemParts } from './api/system-routes.ts'
import type { BackupUsers } from './backup.ts'
import { configAnswers } from './config-answer.ts'
import type { Core } from './core.ts'
import { denialAnswer } from './denial-answer.ts'
import { type DiagnoseOpening, type OpenDiagnose, openDiagnose } from './diagnose/diagnose.ts'
import { explainAnswer } from './explain-answer.ts'
import type { Firmware } from './firmware.ts'
import { openRecorder } from './history/recorder.ts'
import { type LanAnswerParts, lanAnswers } from './lan-answer.ts'
import { fieldsOf } from './log-fields.ts'
import type { BoxOwner } from './owner.ts'
import type { Outcome } from './reconcile.ts'
import { sessionAnswer } from './session-answer.ts'
import { StatusWatch } from './status-watch.ts'
import { type Host, openSystem } from './system.ts'

export interface FrontParts extends Omit<LanAnswerParts, 'nicNetns' | 'clock'> {
  readonly places: Places
  readonly clock: Clock
  /** Milliseconds since 1970, as far as the box knows. */
  readonly wallMs: () => number
  readonly log: Log
  readonly wireKey: X25519Pair
  readonly services: Services
  /** For HTTPS on this address. @throws STORE_, HOST_ errors */
  readonly certificate: (address: string) => Promise<Certificate>
  readonly lanApiPort: number
  readonly host: Host
  readonly firmware: Firmware
  readonly key: Pick<DeviceKey, 'deviceId'>
  /** Of plain HTTP, which is sent on to the page; null: there is none. */
  readonly plainPort: number | null
  /** Of the web UI, read when they are asked for. */
  readonly readPages: () => Promise<readonly Page[]>
  readonly openStore: AccessParts['openStore']
  readonly diagnostics: DiagnoseMachine
  /** Cryptographically strong. */
  readonly random: (bytes: number) => Uint8Array
}

export interface Front extends Pick<OpenDiagnose, 'onSpeed'> {
  readonly status: () => Status
  readonly onPass: (outcome: Outcome) => void
  readonly onChange: (event: ConfigChangeEvent) => void
  readonly onPath: (event: ApiEvent) => void
  readonly onMoved: () => void
  /** Opens the API's socket. @throws API_IN_USE */
  readonly listen: () => Promise<void>
}

/** Unless somebody asks before. */
const openAfterMs = 3_000

/** @param owned takes what must be closed, in the order in which it was opened */
export function openFront(
  parts: FrontParts,
  core: Core,
  owner: BoxOwner,
  owned: AsyncDisposableStack,
): Front {
  const { clock, log } = parts
  const access = owned.use(new Access(parts))
  const status = statusOf(parts, core, access)
  const watch = owned.use(new StatusWatch({ clock, status }))
  const lan = lanAnswers({ ...parts, nicNetns: parts.places.nicNetns }, core)
  const history = openRecorder(
    { ...parts, folder: parts.places.historyFolder, watch, facts: () => sampleFacts(core) },
    owned,
  )
  const { parts: system, backups } = openSystem(
    {
      ...{ ...parts, status, users: backupUsers(access) },
      wireKey: encodeWireKey(parts.wireKey.publicKey),
      deviceId: () => parts.key.deviceId,
    },
    core,
    owner,
  )
  const asked = { log, status, watch, enrolment: owner, access, lan, history, system }
  const told = answersOf(core, asked)
  const { onSpeed, ...more } = openDiagnose(diagnoseOpening(parts, core, told, access), owned)
  const answers = { ...told, ...more }
  const lanApi = owned.use(
    new LanApi({
      ...{ clock, port: parts.lanApiPort, plainPort: parts.plainPort },
      routes: routesOf(answers),
      gate: openGate({ access, clock, isStatusOpen: answers.access.isStatusOpen }),
      pages: keptForGood(parts.readPages),
      certificate: parts.certificate,
      onFault: (error) => log.error(fieldsOf(error), 'LAN API fault'),
    }),
  )
  let cancel: CancelTimer | null = null
  owned.defer(() => cancel?.())
  /** The box forwards by now, and has its first sessions to open: what is wrong with the store can wait. */
  const beginOnce = (): void => {
    cancel ??= clock.after(openAfterMs, () => access.begin())
  }
  return {
    status,
    onPass: ({ running, absentNics, isDone }) => {
      watch.look()
      const { config } = running
      const { addresses, names } = pagePlaces(config, absentNics, core.appliance.recovery)
      void lanApi.listen(addresses, names)
      if (isDone) beginOnce()
    },
    onChange: (event) => {
      backups.onChange(event)
      watch.tell(event)
    },
    onPath: (event) => watch.tell(event),
    onMoved: () => watch.look(),
    onSpeed,
    listen: async () => {
      owned.use(await openApi({ socketPath: parts.places.apiSocket, ...answers }))
    },
  }
}

function backupUsers(access: Access): BackupUsers {
  return {
    list: async () => (await access.books()).users.list(),
    replace: (users) => access.replaceUsers(users),
  }
}

function sampleFacts({ reconciler, telemetry }: Core): SampleFacts {
  return { config: reconciler.outcome.running.config, ...telemetry.reading }
}

function statusOf(
  { places, clock, wireKey, services, host }: FrontParts,
  core: Core,
  access: Access,
): () => Status {
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
      ...{ access: access.problem, dataNote: host.dataNote },
      roomProblem: host.roomProblem(),
    })
  }
}

type Answers = Omit<ApiParts, 'socketPath' | 'diagnose' | 'capture'>

function diagnoseOpening(
  parts: FrontParts,
  core: Core,
  told: Answers,
  access: Access,
): DiagnoseOpening {
  const { status, paths, sessions, drops, denials, metrics, config } = told
  return {
    ...parts,
    ...{ status, paths, machine: parts.diagnostics },
    sendSpeed: (...said) => core.peering.sendSpeed(...said),
    config: () => core.reconciler.outcome.running.config,
    leases: () => parts.services.leases(),
    flowSources: {
      ...{ datapath: core.datapath, numbered: core.numbered },
      uplinks: () => status().uplinks,
      counters: () => core.telemetry.reading.counters,
    },
    audit: ({ name }, what, target) =>
      void access
        .books()
        .then(({ audit }) => audit.done({ who: name, what, target, from: '', code: null }))
        .catch(() => {}),
    answers: {
      ...{ 'status.json': status, 'paths.json': paths, 'sessions.json': sessions },
      ...{ 'drops.json': drops, 'denials.json': denials },
      'metrics.txt': () => metrics().text,
      'config.yaml': () => config.show().text,
      'config.json': () => ({ ...config.show(), text: undefined }),
      'config-history.json': () => config.history(),
    },
  }
}

interface Told extends Pick<FrontParts, 'log'>, Pick<Front, 'status'> {
  readonly watch: StatusWatch
  readonly enrolment: BoxOwner
  readonly lan: LanParts
  readonly history: HistoryRouteParts
  readonly system: SystemParts
  readonly access: Access
}

function answersOf(
  core: Core,
  { log, status, watch, enrolment, access, lan, history, system }: Told,
): Answers {
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
  const running = () => reconciler.outcome.running.config
  return {
    status: () => watch.ask(),
    access: {
      access,
      isBlank: () => enrolment.isUnclaimed,
      isStatusOpen: () => lanApiOf(running()) === 'status',
      site: () => running()?.site ?? null,
    },
    sessions: () => peering.status().map((session) => sessionAnswer(session, names())),
    denials: () => denials.recent().map(denialAnswer),
    explain: (request) => explainAnswer(core, status, request),
    subscribe: (listener) => watch.listen(listener),
    config: configAnswers(source, changes),
    lan,
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
