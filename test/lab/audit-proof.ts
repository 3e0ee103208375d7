/** Whether a controller's log is the one that was written, as whoever has its texts can tell. */
import { readAudit } from '../../firmware/controller/audit.ts'
import type { Store } from '../../firmware/host/store/store.ts'
import { sha256 } from '../../firmware/host/system/digest.ts'
import { emptyChain, followChain } from '../../firmware/plan/audit-chain.ts'

export interface AuditProof {
  readonly entries: number
  /** The first number at which the chain does not hold; null: it does. */
  readonly brokenAt: number | null
}

export async function proveAudit(store: Store, tenant: string): Promise<AuditProof> {
  for (let chain = emptyChain; ; ) {
    const { texts, head } = await readAudit(store, tenant, chain.number)
    for (const text of texts) {
      const next = followChain(chain, text, sha256)
      if (next === null) return { entries: chain.number, brokenAt: chain.number + 1 }
      chain = next
    }
    if (texts.length > 0 && chain.number < head.number) continue
    const isWhole = head.number === chain.number && head.hash === chain.hash
    return { entries: chain.number, brokenAt: isWhole ? null : chain.number + 1 }
  }
}
