/**
 * The gateway process as a whole: what it does (core.ts), whose it is (owner.ts) and what is told of it (front.ts), opened, wired
 * to each other, and taken down in the opposite order. The datapath forwards on meanwhile and afterwards.
 */
import type { Status } from '../model/local-api.ts'
import { encodeWireKey } from '../model/wire-key.ts'
import type { ConfigSource } from './config-source.ts'
import { type Core, type CoreParts, openCore } from './core.ts'
import { Discovery } from './enrol/discovery.ts'
import { reportOf } from './enrol/report.ts'
import { type Front, type FrontParts, openFront } from './front.ts'
import { BoxOwner, type BoxOwnerParts } from './owner.ts'

export type GatewayParts = CoreParts &
  FrontParts &
  Pick<
    BoxOwnerParts,
    'key' | 'imageRoots' | 'ownerRecord' | 'signedRecord' | 'connect' | 'openLink' | 'reset'
  >

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
  const owner: BoxOwner = owned.use(openOwner(parts, core, () => front.status()))
  await owner.read()
  const front: Front = openFront(parts, core, owner, owned)
  await front.listen()
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

function openOwner(parts: GatewayParts, core: Core, status: () => Status): BoxOwner {
  const { changes, source, telemetry, peering } = core
  const isBlank = (): boolean => {
    const from = source.confirmed?.source
    return from === 'factory' || from === 'none'
  }
  const leases = () => parts.services.leases()
  const takesHints = (): boolean => isBlank() || owner.hasOwner
  const owner: BoxOwner = new BoxOwner({
    ...parts,
    ...{ changes, source, isBlank, caller: peering },
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
