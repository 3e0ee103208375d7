/**
 * The gateway process as a whole: wires configuration, reconciler, datapath connection, sessions, telemetry and
 * local API, and takes them down in the opposite order. The datapath forwards on meanwhile and afterwards.
 */
import type { Clock } from '../host/clock/clock.ts'
import type { Datapath } from '../host/datapath/datapath.ts'
import type { Net } from '../host/net/net.ts'
import type { Services } from '../host/service/service.ts'
import type { Certificate } from '../host/system/certificate.ts'
import type { Log } from '../host/system/log.ts'
import type { Places } from '../host/system/places.ts'
import { CausewayError } from '../model/errors.ts'
import type { Status } from '../model/local-api.ts'
import { version } from '../model/version.ts'
import { encodeWireKey } from '../model/wire-key.ts'
import { lanApiAddresses } from '../plan/lan-api.ts'
import { metricsType, renderMetrics } from '../plan/metrics.ts'
import { composeDrops, composeStatus } from '../plan/status.ts'
import { mac1Key } from '../wire/handshake.ts'
import type { X25519Pair } from '../wire/x25519.ts'
import { type ApiParts, openApi } from './api/api.ts'
import type { ConfigParts } from './api/config-routes.ts'
import { LanApi } from './api/lan-api.ts'
import { routesOf } from './api/routes.ts'
import { configAnswers } from './config-answer.ts'
import { ConfigChanges } from './config-change.ts'
import { ConfigSource } from './config-source.ts'
import { DatapathLink } from './datapath-link.ts'
import { denialAnswer } from './denial-answer.ts'
import { Denials } from './denials.ts'
import { fieldsOf } from './log-fields.ts'
import { Peering } from './peering.ts'
import { openProgramLoader, type RecordFile } from './program-loader.ts'
import { type Outcome, Reconciler } from './reconcile.ts'
import { sessionAnswer } from './session-answer.ts'
import { StatusWatch } from './status-watch.ts'
import { Telemetry } from './telemetry.ts'
import type { BindUdp } from './uplink-sockets.ts'
import { Withholding } from './withholding.ts'

export interface GatewayParts {
  readonly places: Places
  readonly clock: Clock
  /** Cryptographically strong. */
  readonly random: (bytes: number) => Uint8Array
  readonly log: Log
  /** Milliseconds since 1970, as far as the box knows: for people only. */
  readonly wallMs: () => number
  readonly net: Net
  readonly wireKey: X25519Pair
  readonly connectDatapath: () => Promise<Datapath>
  readonly bindUdp: BindUdp
  readonly programRecord: RecordFile
  /** For HTTPS on these addresses. @throws STORE_, HOST_ errors */
  readonly certificate: (addresses: readonly string[]) => Promise<Certificate>
  readonly lanApiPort: number
  /** Which prefixes were inside. */
  readonly insideRecord: Pick<RecordFile, 'read' | 'write'>
  readonly services: Services
}

export interface Gateway extends AsyncDisposable {
  status(): Status
  /** Reads device.yaml again and applies it. */
  reload(): void
}

/**
 * Returns once the API listens; says "gateway ready" once everything configured is in place.
 * @throws API_IN_USE when another gateway of this instance runs
 */
export async function openGateway(parts: GatewayParts): Promise<Gateway> {
  const { places, clock, log, net, wireKey } = parts
  const startedAtMs = clock.nowMs()
  const ownWireKey = encodeWireKey(wireKey.publicKey)
  await using owned = new AsyncDisposableStack()
  const request = (): void => reconciler.request(false)
  const denials = new Denials(clock, log)
  const link = owned.use(
    new DatapathLink({
      connect: parts.connectDatapath,
      clock,
      log,
      onUp: (datapath) => {
        datapath.onEvent((event) => {
          if (event.kind === 'links') request()
          denials.take(event)
        })
        request()
      },
      onDown: request,
    }),
  )
  const peering = owned.use(new Peering(parts))
  const source = new ConfigSource({ ...parts, ownWireKey })
  const changes = owned.use(
    new ConfigChanges({
      clock,
      log,
      source,
      request: () => reconciler.request(true),
      onChange: () => watch.look(),
    }),
  )
  const announce = announcer(log)
  const reconciler: Reconciler = owned.use(
    new Reconciler({
      clock,
      log,
      net,
      loader: openProgramLoader(parts.programRecord, log),
      services: owned.use(parts.services),
      withholding: new Withholding(clock, parts.insideRecord, log),
      nicNetns: places.nicNetns,
      mac1Keys: [mac1Key(wireKey.publicKey)],
      choose: () => source.choose(),
      datapath: () => link.current,
      leaveSessions: (config) => peering.leave(config),
      configureSessions: (...wanted) => peering.configure(...wanted),
      onPass: (outcome) => {
        announce(outcome)
        changes.onPass(outcome)
        watch.look()
        void lanApi.listen(lanApiAddresses(outcome.running.config, outcome.absentNics))
      },
    }),
  )
  parts.services.onLease(request)
  const telemetry = owned.use(new Telemetry({ clock, datapath: () => link.current }))
  const status = (): Status => {
    const { running, failure, ...outcome } = reconciler.outcome
    return composeStatus({
      version,
      instance: places.instance,
      wireKey: ownWireKey,
      uptimeMs: clock.nowMs() - startedAtMs,
      ...running,
      pendingChange: changes.pending,
      ...outcome,
      services: parts.services.status(),
      failure: failure?.toJSON() ?? null,
      ...telemetry.reading,
      sessions: peering.status(),
    })
  }
  const watch: StatusWatch = owned.use(new StatusWatch({ clock, status }))
  const config = configAnswers(source, changes)
  const answers = answersOf({ log, telemetry, peering, status, watch, denials, config })
  const lanApi: LanApi = owned.use(
    new LanApi({
      clock,
      port: parts.lanApiPort,
      routes: routesOf(answers).filter(({ isForLan }) => isForLan === true),
      certificate: parts.certificate,
      onFault: (error) => log.error(fieldsOf(error), 'LAN API fault'),
    }),
  )
  owned.use(await openApi({ socketPath: places.apiSocket, ...answers }))
  reconciler.request(true)
  const kept = owned.move()
  return {
    status,
    reload: () => {
      source.reload()
      reconciler.request(true)
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

interface AnswerParts {
  readonly log: Log
  readonly telemetry: Telemetry
  readonly peering: Peering
  readonly status: () => Status
  readonly watch: StatusWatch
  readonly denials: Denials
  readonly config: ConfigParts
}

function answersOf(parts: AnswerParts): Omit<ApiParts, 'socketPath'> {
  const { log, telemetry, peering, status, watch, denials, config } = parts
  return {
    status,
    sessions: () => peering.status().map(sessionAnswer),
    denials: () => denials.recent().map(denialAnswer),
    subscribe: (listener) => watch.listen(listener),
    config,
    drops: () => {
      const { counters } = telemetry.reading
      if (counters !== null) return composeDrops(counters)
      throw new CausewayError('API_NOT_READY', 'the datapath does not answer')
    },
    metrics: () => ({
      text: renderMetrics(status(), telemetry.reading.counters, peering.status()),
      type: metricsType,
    }),
    onFault: (error) => log.error(fieldsOf(error), 'API fault'),
  }
}

/** The first time everything is in place is what a supervisor waits for; later ones tell of new configurations. */
function announcer(log: Log): (outcome: Outcome) => void {
  let announced: string | null = null
  return ({ running, isDone }) => {
    if (!isDone || announced === running.text) return
    const revision = running.config?.revision ?? 0
    log.info({ revision }, announced === null ? 'gateway ready' : 'configuration applied')
    announced = running.text
  }
}
