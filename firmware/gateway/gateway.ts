/**
 * The gateway process as a whole: what it does (core.ts) and what is told of it (front.ts), opened, wired to each other, and
 * taken down in the opposite order. The datapath forwards on meanwhile and afterwards.
 */
import type { Status } from '../model/local-api.ts'
import { type CoreParts, openCore } from './core.ts'
import { type Front, type FrontParts, openFront } from './front.ts'

export type GatewayParts = CoreParts & FrontParts

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
    onPass: (outcome) => front.onPass(outcome),
    onChange: (event) => front.onChange(event),
    onPath: (event) => front.onPath(event),
  })
  const front: Front = openFront(parts, core, owned)
  await front.listen()
  core.reconciler.request(true)
  const kept = owned.move()
  return {
    status: front.status,
    reload: () => {
      core.source.reload()
      core.reconciler.request(true)
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
