/**
 * The gateway process as a whole: what it does (core.ts), whose it is (owner.ts) and what is told of it (front.ts), opened, wired
 * to each other, and taken down in the opposite order. The datapath forwards on meanwhile and afterwards.
 */
import type { Status } from '../model/local-api.ts'
import type { ApiEvent } from '../model/local-api-event.ts'
import { version } from '../model/version.ts'
import { encodeWireKey } from '../model/wire-key.ts'
import { bulkRateBps } from '../plan/bulk-rate.ts'
import { beforeOf } from '../plan/slot-proof.ts'
import type { ConfigSource } from './config-source.ts'
import { type Core, type CoreParts, openCore } from './core.ts'
import { Discovery } from './enrol/discovery.ts'
import { reportOf } from './enrol/report.ts'
import { Firmware, type FirmwareParts } from './firmware.ts'
import { FirmwareOrders } from './firmware-orders.ts'
import { type Front, type FrontParts, openFront } from './front.ts'
import { fieldsOf } from './log-fields.ts'
import { BoxOwner, type BoxOwnerParts } from './owner.ts'
import type { RecordFile } from './program-loader.ts'

export type GatewayParts = CoreParts &
  Omit<FrontParts, 'firmware'> &
  Pick<BoxOwnerParts, 'key' | 'imageRoots' | 'ownerRecord' | 'signedRecord' | 'reset'> &
  Pick<BoxOwnerParts, 'connect' | 'openLink' | 'download'> & {
    /** What a box remembers of an order of its firmware. */
    readonly orderRecord: RecordFile
    /** `x86_64` */
    readonly architecture: string
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
  await using owned = new AsyncDisposableStack()
  const core = openCore(parts, owned, {
    onPass: (outcome) => {
      front.onPass(outcome)
      owner.begin()
    },
    onChange: (event) => {
      front.onChange(event)
      owner.onChange(event)
    },
    onPath: (event) => front.onPath(event),
    onMoved: () => front.onMoved(),
    onSpeed: (...said) => front.onSpeed(...said),
  })
  const firmware = openFirmware(parts, {
    before: () => beforeOf(front.status(), owner.answer),
    tell: (event) => front.onPath(event),
  })
  const orders = owned.use(openOrders(parts, core, firmware))
  const owner: BoxOwner = owned.use(openOwner(parts, core, orders, () => front.status()))
  await owner.read()
  const front: Front = openFront({ ...parts, firmware }, core, owner, owned)
  await front.listen()
  void firmware.tellNews()
  core.reconciler.request(true)
  const kept = owned.move()
  return {
    status: front.status,
    reload: () => {
      core.source.reload()
      core.reconciler.request(true)
      owner.reload()
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

function openFirmware(
  { host, log }: GatewayParts,
  { before, tell }: Pick<FirmwareParts, 'before'> & { readonly tell: (event: ApiEvent) => void },
): Firmware {
  return new Firmware({
    ...{ slots: host.slots, before },
    onNews: ({ version: what, isProven, reason }) => {
      if (isProven) log.info({ detail: what }, 'firmware proven')
      else log.error({ detail: `${what}: ${reason}` }, 'went back from firmware')
      tell({ kind: 'firmware', version: what, isProven, reason })
    },
    onFault: (error) => log.error(fieldsOf(error), 'slots not read'),
  })
}

function openOrders(parts: GatewayParts, core: Core, firmware: Firmware): FirmwareOrders {
  const { source, changes } = core
  return new FirmwareOrders({
    ...{ ...parts, firmware, version, power: parts.host.power, record: parts.orderRecord },
    rateBps: () => bulkRateBps(source.confirmed?.config ?? null),
    isTrying: () => changes.pending !== null,
  })
}

function openOwner(
  parts: GatewayParts,
  core: Core,
  orders: FirmwareOrders,
  status: () => Status,
): BoxOwner {
  const { changes, source, telemetry, peering } = core
  const isBlank = (): boolean => {
    const from = source.confirmed?.source
    return from === 'factory' || from === 'none'
  }
  const leases = () => parts.services.leases()
  const takesHints = (): boolean => isBlank() || owner.hasOwner
  const owner: BoxOwner = new BoxOwner({
    ...parts,
    ...{ changes, source, isBlank, caller: peering, orders },
    wireKey: encodeWireKey(parts.wireKey.publicKey),
    discovery: new Discovery({ ...parts, leases, takesHints }),
    report: () => reportOf(status(), telemetry.reading.counters, isOwners(source)),
  })
  return owner
}

/** A change by hand has an entry of its own. What is tried is nobody's yet. */
function isOwners({ entries, confirmed }: ConfigSource): boolean {
  const running = entries.find(({ text }) => text === confirmed?.text)
  return running === undefined || running.origin === 'controller'
}
