/** `causeway ctl audit`: who did what; and whether the log is the one that was written, reckoned here and not by the controller. */
import { sha256 } from '../host/system/digest.ts'
import type { AuditAnswer } from '../model/controller-api-access.ts'
import { CausewayError } from '../model/errors.ts'
import { type ChainHead, emptyChain, followChain } from '../plan/audit-chain.ts'
import { type ExitCode, exitCode, Misuse } from './call.ts'
import { askTenant, type CtlCall, type CtlCommand, print } from './ctl-call.ts'
import { table } from './table.ts'

const shown = 100
/** Behind any. */
const past = 999_999_999_999

export const auditCommands: readonly CtlCommand[] = [
  {
    name: 'audit',
    takes: '[--all] [--verify [--head NUMBER:HASH]]',
    help: `show who did what, the last ${shown} entries or all. --verify reckons the chain of hashes from the first
entry on and says its head: note it, and give it with --head later, so that a log that was
written anew as a whole is seen too. --tenant system: sign-ins that failed, tenants, strangers`,
    words: [0, 0],
    options: ['all', 'verify', 'head'],
    run: (call) => (call.options.verify === true ? verify(call) : show(call)),
  },
]

async function show(call: CtlCall): Promise<ExitCode> {
  if (call.options.head !== undefined) throw new Misuse('--head is for --verify')
  const { head } = await page(call, past)
  const entries: AuditAnswer['entries'] = []
  let after = call.options.all === true ? 0 : Math.max(0, head.number - shown)
  while (after < head.number) {
    const { entries: some } = await page(call, after)
    if (some.length === 0) break
    entries.push(...some)
    after = some.at(-1)!.number
  }
  print(call, { entries, head }, () => auditText(entries))
  return exitCode.done
}

async function verify(call: CtlCall): Promise<ExitCode> {
  const noted = notedOf(call)
  let chain: ChainHead = emptyChain
  let head = emptyChain
  for (;;) {
    const { texts, head: now } = await page(call, chain.number)
    head = now
    for (const text of texts) {
      const next = followChain(chain, text, sha256)
      if (next === null) return broken(call, chain.number + 1, 'it is not the one that was written')
      chain = next
      if (noted?.number === chain.number && noted.hash !== chain.hash) {
        return broken(call, chain.number, 'it is not the one that was noted')
      }
    }
    if (texts.length === 0 || chain.number >= head.number) break
  }
  if (chain.number !== head.number || chain.hash !== head.hash) {
    return broken(call, chain.number + 1, 'it is missing, or what is behind it')
  }
  if (noted !== null && noted.number > chain.number) {
    return broken(call, chain.number + 1, 'there were more when it was noted')
  }
  const answer = { entries: chain.number, brokenAt: null, head: `${chain.number}:${chain.hash}` }
  print(call, answer, () => `${chain.number} entries, whole; head ${answer.head}\n`)
  return exitCode.done
}

function broken(call: CtlCall, number: number, why: string): ExitCode {
  if (call.isJson) call.output.out(`${JSON.stringify({ entries: number - 1, brokenAt: number })}\n`)
  else call.output.err(`the log is broken at entry ${number}: ${why}\n`)
  return exitCode.failed
}

function notedOf({ options: { head } }: CtlCall): ChainHead | null {
  if (head === undefined) return null
  const [, number, hash] = /^(\d{1,12}):([0-9a-f]{64})$/.exec(String(head)) ?? []
  if (number === undefined || hash === undefined) throw new Misuse('--head takes NUMBER:HASH')
  return { number: Number(number), hash }
}

async function page(call: CtlCall, after: number): Promise<AuditAnswer> {
  const answer = await askTenant<AuditAnswer>(call, `audit/${after}`)
  if (Array.isArray(answer.texts)) return answer
  throw new CausewayError('API_UNREACHABLE', 'what answers there is no controller')
}

function auditText(entries: AuditAnswer['entries']): string {
  if (entries.length === 0) return 'nothing was done yet\n'
  const rows = entries.map(({ number, at, who, what, target, code, detail = '' }) => [
    ...[String(number), at.slice(0, 19), who, what, target],
    code === null ? detail : `refused: ${code} ${detail}`.trim(),
  ])
  return table(['NUMBER', 'AT', 'WHO', 'WHAT', 'TO', ''], rows)
}
