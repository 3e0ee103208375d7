/**
 * `npm start [-- --once] [--seconds N] [--logs FOLDER]`: three branches, their LAN hosts and an internet on this
 * machine, one branch with two uplinks, with traffic, shown live until Ctrl-C. `--once` proves that all hosts reach each other,
 * also when a link is cut, and ends.
 */
import { setInterval } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { CausewayError } from '../../firmware/model/errors.ts'
import { startTransfers, type Transfer } from './background.ts'
import { describeShown } from './description.ts'
import { proveFailover } from './failover.ts'
import { startServers } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import { type Look, liveLine, liveTable, transferLines, uplinkLines } from './live.ts'
import { lookIn } from './look-in.ts'
import { recordFolder } from './machine.ts'
import { type OnceFault, proofTable, proveReachability } from './once.ts'
import { lookAt } from './status.ts'
import { clock } from './table.ts'

const usage = `usage: npm start [-- OPTIONS]
  --once         proves that all hosts reach each other, cuts a link, and ends
  --seconds N    ends by itself after N seconds
  --logs FOLDER  keeps what the processes log there, when the lab is gone too`

const values = readOptions()
const isTerminal = process.stdout.isTTY === true
const secondsPerLine = 5

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        seconds: { type: 'string' },
        logs: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
        // For the acceptance harness, which must see that a fault is seen.
        plant: { type: 'string' },
      },
    })
    if (!values.help) return values
    console.log(usage)
  } catch (error) {
    console.error(`${(error as Error).message.split('. ')[0]}\n${usage}`)
    process.exit(2)
  }
  process.exit(0)
}

async function main(): Promise<number> {
  const startedMs = performance.now()
  await using lab = await openLab(describeShown(), { logFolder: values.logs ?? recordFolder })
  const sites = lab.sites.map(({ name }) => name)
  console.log(`lab ${lab.id}: starts ${sites.join(', ')}, a gateway and a datapath process each`)
  try {
    await lab.start()
    await startServers(lab)
    console.log(
      `lab ${lab.id}: ready after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`,
    )
    if (values.once) return await once(lab)
    await live(lab)
    return 0
  } catch (error) {
    // Leaving because of a signal is no error; the lab's own handler ends the process.
    if (lab.stopping.aborted) await new Promise(() => {})
    throw error
  }
}

async function once(lab: Lab): Promise<number> {
  const proofs = await proveReachability(lab, values.plant as OnceFault | undefined)
  const failed = proofs.filter(({ problem }) => problem !== null).length
  console.log(`\n${proofTable(proofs)}\n`)
  const verdict = failed === 0 ? 'all reach each other' : `${failed} FAILED`
  console.log(`${proofs.length} ordered pairs of LAN hosts: ${verdict}`)
  const [site, peer] = lab.sites.map(({ name }) => name)
  const failover = await proveFailover(lab, site!, peer!)
  console.log(`${failover.text}${failover.isOk ? '' : ': FAILED'}`)
  return failed === 0 && failover.isOk ? 0 : 1
}

async function live(lab: Lab): Promise<void> {
  const transfers = startTransfers(lab)
  console.log(`\n${lookIn(lab)}\n`)
  const startedMs = performance.now()
  const endSeconds = Number(values.seconds ?? Number.POSITIVE_INFINITY)
  let drawnLines = 0
  let ticks = 0
  let told: ReadonlyMap<string, string> = new Map()
  for await (const _ of setInterval(1_000, undefined, { signal: lab.stopping })) {
    const seconds = (performance.now() - startedMs) / 1000
    const now = await look(lab)
    if (isTerminal) drawnLines = redraw(picture(lab, now, transfers, seconds), drawnLines)
    else {
      told = tellChanges(uplinkLines(now), told, seconds)
      if (++ticks % secondsPerLine === 0) console.log(liveLine(now, seconds))
    }
    if (seconds >= endSeconds) break
  }
  const bad = transfers.reduce((sum, { failed }) => sum + failed, 0)
  if (!isTerminal) console.log(transferLines(transfers))
  if (bad > 0) throw new CausewayError('LAB_PROGRAM', `${bad} background transfers failed`)
}

/** @returns what has been told by now; of a site that does not answer, what was told before */
function tellChanges(
  now: ReadonlyMap<string, string>,
  told: ReadonlyMap<string, string>,
  seconds: number,
): ReadonlyMap<string, string> {
  for (const [site, line] of now) {
    if (told.get(site) !== line) console.log(`${clock(seconds)}  ${line}`)
  }
  return new Map([...told, ...now])
}

async function look(lab: Lab): Promise<Look> {
  const answers = await Promise.allSettled(lab.sites.map(({ name }) => lookAt(lab, name)))
  const sites = lab.sites.map(({ name }, index) => {
    const answer = answers[index]!
    return [name, answer.status === 'fulfilled' ? answer.value : null] as const
  })
  return new Map(sites)
}

function picture(lab: Lab, now: Look, transfers: readonly Transfer[], seconds: number): string {
  const head = `Causeway lab ${lab.id}  ${clock(seconds)}  Ctrl-C ends it and leaves nothing behind`
  return `${head}\n\n${liveTable(now)}\n\n${transferLines(transfers)}`
}

/** Writes over what was drawn before, lines cut to the terminal's width. @returns lines drawn */
function redraw(text: string, drawnLines: number): number {
  const width = process.stdout.columns || 100
  const lines = text.split('\n').map((line) => line.slice(0, width - 1))
  const back = drawnLines === 0 ? '' : `\x1b[${drawnLines}F\x1b[J`
  process.stdout.write(`${back}${lines.join('\n')}\n`)
  return lines.length
}

try {
  process.exitCode = await main()
} catch (error) {
  const { message, detail } = error as CausewayError
  console.error(`causeway lab: ${message}`)
  if (detail) console.error(detail)
  process.exitCode = 1
}
