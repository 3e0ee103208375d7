/** A sender of UDP datagrams that nobody on the way may cut, and that looks after their size itself (native/test/uncut.c). */
import { join } from 'node:path'
import type { Family } from '../../lab/description.ts'
import { echoPort, hostAddress } from '../../lab/hosts.ts'
import type { Lab } from '../../lab/lab.ts'

const program = join(import.meta.dirname, '../../../native/out/test/uncut')
const timeoutMs = 20_000

export interface Uncut {
  readonly family: Family
  /** Of the payload, to begin with. */
  readonly bytes: number
  readonly count: number
}

export interface UncutReport {
  readonly sent: number
  readonly answered: number
  /** The MTU that its kernel named last; 0: none was named. */
  readonly told: number
}

/** To the echo at `to`, which must be running. */
export async function sendUncut(
  lab: Lab,
  from: string,
  to: string,
  { family, bytes, count }: Uncut,
): Promise<UncutReport> {
  const words = [hostAddress(lab, to, family), echoPort, bytes, count].map(String)
  const stdout = await lab.exec(`${from}-host`, [program, ...words], { timeoutMs })
  return JSON.parse(stdout) as UncutReport
}
