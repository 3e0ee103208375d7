/**
 * Who reaches whom: probes over UDP between all hosts of a lab in both families at once, counted by those who sent
 * them and by those to whom they came.
 */
import { CausewayError } from '../../firmware/model/errors.ts'
import type { Family } from './description.ts'
import { allHosts, hostAddress, startNode } from './hosts.ts'
import type { Lab } from './lab.ts'
import type { Program } from './program.ts'

export const witnessPort = 7007
const startTimeoutMs = 10_000

/** One ordered pair of hosts in one family. */
export interface Reach {
  readonly from: string
  readonly to: string
  readonly family: Family
  readonly sent: number
  /** Probes that came back as they were. */
  readonly answered: number
  /** Probes that were seen at `to`. */
  readonly arrived: number
}

export interface Witnesses {
  /** Whose datagrams were seen where: host → source address → count, since the witnesses started. */
  seen(): Promise<ReadonlyMap<string, Readonly<Record<string, number>>>>
}

/** Starts a witness at every host; they run until the lab goes. */
export async function startWitnesses(lab: Lab): Promise<Witnesses> {
  const programs = new Map<string, Program>()
  for (const host of allHosts(lab)) {
    programs.set(host, startNode(lab, host, 'udp-witness.ts', [witnessPort]))
  }
  await Promise.all(
    [...programs.values()].map((one) =>
      one.line((line) => line.includes('"listening"'), startTimeoutMs),
    ),
  )
  return {
    async seen() {
      const reports = [...programs].map(async ([host, program]) => {
        return [host, await reportOf(program)] as const
      })
      return new Map(await Promise.all(reports))
    },
  }
}

/** Sends `count` probes for each ordered pair and family, from all hosts at once. */
export async function probeAll(
  lab: Lab,
  witnesses: Witnesses,
  { count, ratePps }: { readonly count: number; readonly ratePps: number },
): Promise<Reach[]> {
  const before = await witnesses.seen()
  const hosts = allHosts(lab)
  const families: readonly Family[] = lab.sites[0]?.wan.v6 === undefined ? [4] : [4, 6]
  const answers = await Promise.all(
    hosts.map(async (from) => {
      const targets = hosts
        .filter((to) => to !== from)
        .flatMap((to) =>
          families.map((family) => ({ to, family, at: hostAddress(lab, to, family) })),
        )
      const args = [witnessPort, count, ratePps, ...targets.map(({ at }) => at)]
      const timeoutMs = (count * targets.length * 2_000) / ratePps + 20_000
      const program = startNode(lab, from, 'udp-probe.ts', args)
      const line = await program.line((text) => text.includes('"probed"'), timeoutMs)
      const { answered } = JSON.parse(line) as { answered: Record<string, number> }
      return targets.map(({ to, family, at }) => ({
        from,
        to,
        family,
        answered: answered[at] ?? 0,
      }))
    }),
  )
  const after = await witnesses.seen()
  return answers.flat().map((one) => {
    const source = hostAddress(lab, one.from, one.family)
    const arrived = (after.get(one.to)?.[source] ?? 0) - (before.get(one.to)?.[source] ?? 0)
    return { ...one, sent: count, arrived }
  })
}

async function reportOf(program: Program): Promise<Readonly<Record<string, number>>> {
  const known = program.tail.split('\n').filter((line) => line.includes('"witnessed"')).length
  let passed = 0
  const isNew = (line: string): boolean => line.includes('"witnessed"') && ++passed > known
  const next = program.line(isNew, startTimeoutMs)
  program.write('report\n')
  const { sources } = JSON.parse(await next) as { sources?: Record<string, number> }
  if (sources === undefined) throw new CausewayError('LAB_PROGRAM', `${program.title}: no report`)
  return sources
}
