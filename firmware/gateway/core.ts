/**
 * What the gateway does, whoever looks: configuration, reconciler, datapath connection, sessions and telemetry, wired to each
 * other. What is told of it is front.ts's.
 */
import type { Appliance } from '../host/appliance/appliance.ts'
import type { Clock } from '../host/clock/clock.ts'
import type { Datapath } from '../host/datapath/datapath.ts'
import type { Net } from '../host/net/net.ts'
import type { Services } from '../host/service/service.ts'
import type { Log } from '../host/system/log.ts'
import type { Places } from '../host/system/places.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import type { ApiEvent, ConfigChangeEvent } from '../model/local-api-event.ts'
import type { Counters, DatapathEvent } from '../model/program.ts'
import { encodeWireKey } from '../model/wire-key.ts'
import type { NumberedUplinks } from '../plan/path-status.ts'
import { mac1Key } from '../wire/handshake.ts'
import type { SpeedItem } from '../wire/speed.ts'
import type { X25519Pair } from '../wire/x25519.ts'
import { ApplianceDesk } from './appliance.ts'
import { Carriers } from './carriers.ts'
import { ConfigChanges } from './config-change.ts'
import { ConfigSource } from './config-source.ts'
import { DatapathLink } from './datapath-link.ts'
import { Denials } from './denials.ts'
import { fieldsOf } from './log-fields.ts'
import { type NatFinder, type NatParts, openNat } from './nat/nat.ts'
import { natTeller } from './nat/nat-teller.ts'
import { overflowTeller } from './overflow.ts'
import { pathTeller } from './path-change.ts'
import { Peering } from './peering.ts'
import { openProgramLoader, type RecordFile } from './program-loader.ts'
import { type Outcome, Reconciler } from './reconcile.ts'
import { Telemetry } from './telemetry.ts'
import { UplinkNumbers } from './uplink-numbers.ts'
import type { BindUdp } from './uplink-sockets.ts'
import { Withholding } from './withholding.ts'

export interface CoreParts {
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
  /** Which prefixes were inside. */
  readonly insideRecord: Pick<RecordFile, 'read' | 'write'>
  /** Where peers were heard last. */
  readonly whereaboutsRecord: Pick<RecordFile, 'read' | 'write'>
  readonly services: Services
  readonly appliance: Appliance
  /** What the box made of its NICs; null: nothing. */
  readonly readFactory: () => Promise<DeviceConfig | null>
}

/** Told nothing before `openCore` has returned. */
export interface CoreListener {
  /** After each pass of the reconciler. */
  readonly onPass: (outcome: Outcome) => void
  readonly onChange: (event: ConfigChangeEvent) => void
  /** A path of a peer went up or down, or is the best now. */
  readonly onPath: (event: ApiEvent) => void
  /** A path came or went, and the counters say so. */
  readonly onMoved: () => void
  /** A peer speaks of a speed test. */
  readonly onSpeed: (peer: string, item: SpeedItem) => void
}

export interface Core {
  /** Null while there is none. */
  readonly datapath: () => Datapath | null
  readonly source: ConfigSource
  readonly changes: ConfigChanges
  readonly reconciler: Reconciler
  readonly peering: Peering
  readonly nat: NatFinder
  readonly telemetry: Telemetry
  readonly denials: Denials
  /** Own uplinks by number in the program that runs. */
  readonly numbered: () => NumberedUplinks
  readonly appliance: ApplianceDesk
}

/** @param owned takes what must be closed, in the order in which it was opened */
export function openCore(
  parts: CoreParts,
  owned: AsyncDisposableStack,
  { onPass, onChange, onPath, onMoved, onSpeed }: CoreListener,
): Core {
  const { clock, log, services, wireKey } = parts
  const request = (): void => reconciler.request(false)
  const denials = new Denials(clock, log)
  const look = (): void => telemetry.look()
  const numbers = new UplinkNumbers()
  /** What runs before this gateway has loaded or recognised anything is most likely of this configuration. */
  const configured = () => reconciler.outcome.running.config?.uplinks ?? []
  const numbered = (): NumberedUplinks => numbers.running ?? configured()
  const tellPath = pathTeller({
    log,
    uplinks: numbered,
    peers: () => reconciler.outcome.running.config?.peers ?? [],
    onPath,
  })
  /** What is read when a path moves may have been under way: the next one is after it. */
  let readingsToTell = 0
  const onEvent = (event: DatapathEvent): void => {
    denials.take(event)
    peering.onEvent(event)
    tellPath(event)
    if (event.kind !== 'path') return
    readingsToTell = 2
    look()
  }
  const link = owned.use(openLink(parts, { request, onEvent, look }))
  const datapath = (): Datapath | null => link.current
  const isReached: NatParts['isReached'] = (uplink, family) => peering.isReached(uplink, family)
  const nat = owned.use(openNat({ ...parts, isReached }))
  const tellNat = natTeller(log)
  nat.onChange(() => tellNat(nat.readings()))
  const peering: Peering = owned.use(new Peering({ ...parts, numbers, nat, onSpeed }))
  const source = new ConfigSource({ ...parts, ownWireKey: encodeWireKey(wireKey.publicKey) })
  const reload = (): void => reconciler.request(true)
  const changes = owned.use(new ConfigChanges({ clock, log, source, request: reload, onChange }))
  const announce = announcer(log)
  const appliance = new ApplianceDesk(parts.appliance, parts.readFactory, log)
  const reconciler: Reconciler = owned.use(
    new Reconciler({
      ...{ ...parts, appliance },
      loader: openProgramLoader(parts.programRecord, log, numbers),
      services: owned.use(services),
      withholding: new Withholding(clock, parts.insideRecord, log),
      nicNetns: parts.places.nicNetns,
      mac1Keys: [mac1Key(wireKey.publicKey)],
      choose: () => source.choose(),
      lacksNics: (absentNics) => changes.missingNics(absentNics).length > 0,
      datapath,
      leaveSessions: (config) => peering.leave(config),
      configureSessions: (...wanted) => peering.configure(...wanted),
      onPass: (outcome) => {
        announce(outcome)
        changes.onPass(outcome)
        onPass(outcome)
      },
    }),
  )
  services.onLease(request)
  const tellOverflow = overflowTeller(log)
  const carriers = new Carriers((uplink) => {
    void renew(uplink, parts)
    nat.refresh()
  })
  const onCounters = (counters: Counters): void => {
    tellOverflow(counters.overflow)
    carriers.take(counters)
    peering.onCounters(counters)
    if (readingsToTell === 0) return
    readingsToTell--
    onMoved()
  }
  const uplinks = (generation: number) => numbers.of(generation) ?? configured()
  const telemetry: Telemetry = owned.use(new Telemetry({ clock, datapath, uplinks, onCounters }))
  const told = { telemetry, denials, numbered }
  return { datapath, source, changes, reconciler, peering, nat, appliance, ...told }
}

interface LinkUsers {
  readonly request: () => void
  readonly onEvent: (event: DatapathEvent) => void
  /** Has the counters read now: a carrier may be back. */
  readonly look: () => void
}

function openLink(
  { connectDatapath, clock, log }: CoreParts,
  { request, onEvent, look }: LinkUsers,
): DatapathLink {
  return new DatapathLink({
    connect: connectDatapath,
    clock,
    log,
    onUp: (datapath) => {
      datapath.onEvent((event) => {
        if (event.kind === 'links') {
          request()
          look()
        }
        onEvent(event)
      })
      request()
    },
    onDown: request,
  })
}

/** The lease may be another network's: its end must not be waited for. */
async function renew(uplink: string, { services, log }: CoreParts): Promise<void> {
  await services
    .renew(uplink)
    .catch((error: unknown) => log.error({ ...fieldsOf(error), uplink }, 'lease not renewed'))
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
