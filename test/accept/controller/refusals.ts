/**
 * What somebody may try at a box or at its controller, each over real TLS against a whole controller on LevelDB: refused, by a code
 * that says why, and told in the controller's log, which is read through its API.
 */
import type { Check, Line } from '../line.ts'
import { attacks } from './attacks.ts'
import { openTarget } from './target.ts'

export const refusals: Line = {
  name: 'refusals',
  title:
    'wrong codes, replayed, expired and foreign vouchers, interception, older configurations, hostile tenants and boxes: coded and audited',
  isQuickBeside: true,
  faults: {
    'gullible-box': 'replayed voucher',
    'silent-box': 'expired voucher',
    'trusting-box': 'controller of an owner',
    'honest-proxy': 'TLS interception',
    'newer-config': 'older configuration',
    'told-code': 'operator of another tenant',
    'gentle-box': 'box that floods',
  },
  measure: async ({ fault }) => {
    const checks: Check[] = []
    for (const { title, code, what, run } of attacks) {
      await using target = await openTarget()
      const seen = await run(target, fault).catch((error: unknown) => String(error))
      const entries = await target.audit()
      const told = entries.filter((entry) => entry.what === what && entry.code === code).length
      checks.push({
        check: title,
        target: `${code}, and in the log`,
        figure: `${seen ?? 'taken'}, ${told === 0 ? 'not in the log' : `${told} in the log`}`,
        isOk: seen === code && told > 0,
      })
    }
    return checks
  },
}
