/**
 * `npm run accept -- NAME [LINE] [--quick] [--plant FAULT|all] [--json]`: measures what an issue promises, line by
 * line: target, figure, verdict; `--json` says the same as JSON. With `--plant` a fault is planted, or one after the other,
 * and the run is good when each turns the check red that must see it.
 */
import { parseArgs } from 'node:util'
import type { CausewayError } from '../../firmware/model/errors.ts'
import { align } from '../lab/table.ts'
import { lines as anyNat } from './any-nat.ts'
import { lines as appliance } from './appliance.ts'
import { lines as controller } from './controller.ts'
import { lines as firstLight } from './first-light.ts'
import { type Check, holds, type Line, type Outcome, seenBy } from './line.ts'
import { lines as manyLinks } from './many-links.ts'
import { lines as qos } from './qos.ts'
import { lines as webUi } from './web-ui.ts'
import { lines as whole } from './whole.ts'

const each: Readonly<Record<string, readonly Line[]>> = {
  'first-light': firstLight,
  whole,
  'many-links': manyLinks,
  'any-nat': anyNat,
  controller,
  qos,
  'web-ui': webUi,
  appliance,
}
/** `all`: of all that mostly wait more run at once than of one issue's, the longest, which came last, first; each bears its issue's name. */
const issues: Readonly<Record<string, readonly Line[]>> = {
  ...each,
  all: Object.entries(each)
    .reverse()
    .flatMap(([issue, lines]) => lines.map((line) => ({ ...line, name: `${issue}/${line.name}` }))),
}

/** Of the lines whose short form may run beside another: much of it is waiting. */
const atOnce = 3

type Job = readonly [line: Line, fault: string | undefined]

const { values, positionals } = typed()

function typed() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        plant: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    usage((error as Error).message.split('. ')[0]!)
  }
}

if (values.help) {
  console.log(`Measures what an issue promises, line by line.\n${usageText()}`)
  process.exit(0)
}

function usage(problem: string): never {
  console.error(`${problem}\n${usageText()}`)
  process.exit(2)
}

function usageText(): string {
  const rows = Object.entries(each).flatMap(([name, lines]) =>
    lines.flatMap((line) => {
      const faults = Object.keys(line.faults).join(', ')
      return [
        [`  ${name}`, line.name, line.title],
        ['', '', `faults: ${faults}`],
      ]
    }),
  )
  return [
    'usage: npm run accept -- NAME|all [LINE] [--quick] [--plant FAULT|all] [--json]',
    '  --quick   the short form of each line',
    '  --plant   plants a fault, and is good when the check that must see it turns red',
    '  --json    the same for programs',
    '',
    align([['  NAME', 'LINE', ''], ...rows], [0, 1, 2]),
  ].join('\n')
}

/** What is to be run: each line once, or once for each planted fault. */
function chosen(): Job[] {
  const [name = '', lineName] = positionals
  const lines = issues[name]
  if (lines === undefined) usage(name === '' ? 'which issue?' : `no issue '${name}'`)
  const wanted = lines.filter((line) => lineName === undefined || line.name === lineName)
  if (wanted.length === 0) usage(`no line '${lineName}' in ${name}`)
  const inForm = wanted.filter((line) => !(values.quick && line.isFullOnly === true))
  const { plant } = values
  if (plant === undefined) return inForm.map((line) => [line, undefined])
  const planted = inForm.flatMap((line) =>
    Object.keys(line.faults)
      .filter((fault) => plant === 'all' || fault === plant)
      .map((fault) => [line, fault] as const),
  )
  return planted.length > 0 ? planted : usage(`no fault '${plant}' there`)
}

async function measure(line: Line, fault: string | undefined): Promise<Outcome> {
  const startedMs = performance.now()
  let checks: readonly Check[]
  try {
    checks = await line.measure({ isQuick: values.quick, fault })
  } catch (error) {
    const { message, detail } = error as CausewayError
    if (detail) console.error(detail)
    checks = [{ check: 'runs to its end', target: 'yes', figure: message, isOk: false }]
  }
  const seconds = Number(((performance.now() - startedMs) / 1000).toFixed(1))
  return { line: line.name, fault: fault ?? null, seconds, checks }
}

/** A planted fault turns the verdict round: what must be seen is red. */
function isGood(line: Line, outcome: Outcome): boolean {
  return outcome.fault === null ? holds(outcome) : seenBy(line, outcome) !== null
}

function show(line: Line, outcome: Outcome): void {
  const plant = outcome.fault === null ? '' : `, with planted fault '${outcome.fault}'`
  console.log(`\n${line.name}: ${line.title}${plant}  (${outcome.seconds} s)`)
  const rows = outcome.checks.map(({ check, target, figure, isOk }) => [
    `  ${check}`,
    target,
    figure,
    isOk ? 'ok' : 'SHORT',
  ])
  console.log(align([['  check', 'target', 'figure', ''], ...rows], [0, 1, 2, 3]))
  if (outcome.fault !== null) console.log(`  ${seen(line, outcome)}`)
}

function seen(line: Line, outcome: Outcome): string {
  const red = seenBy(line, outcome)
  return red === null ? `NOT SEEN by '${line.faults[outcome.fault!]}…'` : `seen by '${red}'`
}

const outcomes: Outcome[] = []
const planted: string[][] = []
let good = 0

async function run([line, fault]: Job): Promise<void> {
  const outcome = await measure(line, fault)
  outcomes.push(outcome)
  if (isGood(line, outcome)) good++
  if (fault !== undefined) planted.push([line.name, fault, seen(line, outcome)])
  if (!values.json) show(line, outcome)
}

/** One after the other, from several hands. */
async function work(jobs: Job[]): Promise<void> {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await run(job)
}

const jobs = chosen()
const beside = jobs.filter(([line]) => values.quick && line.isQuickBeside === true)
const alone = jobs.filter((job) => !beside.includes(job))
const asleep = beside.filter(([line]) => line.isAsleep === true)
const awake = beside.filter((job) => !asleep.includes(job))
await Promise.all([...asleep.map(run), ...Array.from({ length: atOnce }, () => work(awake))])
await work(alone)
const isAllGood = good === outcomes.length
if (!values.json) {
  if (planted.length > 1) console.log(`\n${align(planted, [0, 1, 2])}`)
  console.log(`\n${good} of ${outcomes.length} ${isAllGood ? 'ok' : 'ok; THE REST IS SHORT'}\n`)
}
if (values.json) {
  console.log(JSON.stringify({ issue: positionals[0], isQuick: values.quick, isAllGood, outcomes }))
}
process.exitCode = isAllGood ? 0 : 1
