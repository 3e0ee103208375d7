/**
 * `npm start [-- --nat] [--once] [--seconds N] [--logs FOLDER]`: three branches, their LAN hosts and an internet on this
 * machine, one branch with two uplinks, with traffic, shown live until Ctrl-C. `--once` proves that all hosts reach each other,
 * also when a link is cut, and ends. `--nat`: a hub and branches behind NATs instead (nat-show.ts).
 */
import { setInterval } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { CausewayError } from '../../firmware/model/errors.ts'
import { startTransfers, type Transfer } from './background.ts'
import { describeShown } from './description.ts'
import { startClaimed } from './desk.ts'
import { proveFailover } from './failover.ts'
import { startServers } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import { type Look, liveLine, liveTable, transferLines, uplinkLines } from './live.ts'
import { lookIn } from './look-in.ts'
import { recordFolder } from './machine.ts'
import { proveNats } from './nat-once.ts'
import { showNats } from './nat-show.ts'
import { describeNatShown } from './nat-sites.ts'
import { type OnceFault, proofTable, proveReachability } from './once.ts'
import { doorLines, openPageDoors } from './page-door.ts'
import { endOfTransfers, redraw } from './screen.ts'
import { lookAt } from './status.ts'
import { clock } from './table.ts'

const usage = `usage: npm start [-- OPTIONS]
  --nat          a hub and four branches behind routers of different sorts
  --once         proves that all hosts reach each other, cuts a link (with --nat: shuts a way), and ends
  --seconds N    ends by itself after N seconds
  --logs FOLDER  keeps what the processes log there, when the lab is gone too`

const values = readOptions()
const isTerminal = process.stdout.isTTY === true
const secondsPerLine = 5

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        nat: { type: 'boolean', default: false },
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
  await using lab = await openLab(values.nat ? describeNatShown() : describeShown(), {
    logFolder: values.logs ?? recordFolder,
  })
  const sites = lab.sites.map(({ name }) => name)
  console.log(`lab ${lab.id}: starts ${sites.join(', ')}, a gateway and a datapath process each`)
  try {
    if (values.nat) await lab.start()
    else await startClaimed(lab, console.log)
    await startServers(lab)
    console.log(
      `lab ${lab.id}: ready after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`,
    )
    if (values.nat) return await nats(lab)
    if (values.once) return await once(lab)
    await live(lab)
    return 0
  } catch (error) {
    // Leaving because of a signal is no error; the lab's own handler ends the process.
    if (lab.stopping.aborted) await new Promise(() => {})
    throw error
  }
}

async function nats(lab: Lab): Promise<number> {
  if (values.once) return (await proveNats(lab)) ? 0 : 1
  await showNats(lab, { endSeconds: endSeconds(), isTerminal })
  return 0
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
  await using doors = await openPageDoors(lab)
  const transfers = startTransfers(lab)
  console.log(`\n${doorLines(doors)}\n\n${lookIn(lab)}\n`)
  const startedMs = performance.now()
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
    if (seconds >= endSeconds()) break
  }
  endOfTransfers(transfers, isTerminal)
}

function endSeconds(): number {
  return Number(values.seconds ?? Number.POSITIVE_INFINITY)
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

try {
  process.exitCode = await main()
} catch (error) {
  const { message, detail } = error as CausewayError
  console.error(`causeway lab: ${message}`)
  if (detail) console.error(detail)
  process.exitCode = 1
}
