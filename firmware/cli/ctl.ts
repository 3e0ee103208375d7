/** `causeway ctl COMMAND`: runs a fleet through its controller's API, from anywhere. What each command does stands in ctl-*.ts. */
import { parseArgs } from 'node:util'
import { openDialogue } from '../host/system/dialogue.ts'
import { misuseText } from '../host/system/misuse.ts'
import { CausewayError } from '../model/errors.ts'
import { type ExitCode, exitCode, Misuse, meantText, type Output, report } from './call.ts'
import { accessCommands } from './ctl-access.ts'
import { auditCommands } from './ctl-audit.ts'
import { backupCommands } from './ctl-backup.ts'
import { type CtlCall, type CtlCommand, type CtlOption, ctlExitOf, ctlOptions } from './ctl-call.ts'
import { edgeCommands } from './ctl-edge.ts'
import { firmwareCommands } from './ctl-firmware.ts'
import { fleetCommands } from './ctl-fleet.ts'
import { rootCommands } from './ctl-root.ts'
import { signInCommands } from './ctl-sign-in.ts'

const commands: readonly CtlCommand[] = [
  ...signInCommands,
  ...fleetCommands,
  ...edgeCommands,
  ...firmwareCommands,
  ...accessCommands,
  ...auditCommands,
  ...rootCommands,
  ...backupCommands,
]

export const ctlUsage = `Usage: causeway ctl COMMAND [--tenant NAME] [--json]

${commands.map(usageOf).join('')}
  --tenant NAME     whose network, where one may look into several
  --json            print for programs
  --root DIR        a folder that stands for / (accounts, restored stores)
  --help

What sign-in keeps is in $XDG_CONFIG_HOME/causeway/ctl.json (~/.config without it), for its owner's eyes only.
Exit codes: 0 done, 1 failed, 2 typed wrongly, 3 the controller does not answer, 4 refused, nothing changed;
5: plan --detailed-exitcode found changes.
`

/** @param argv what follows `causeway ctl` */
export async function runCtl(
  argv: readonly string[],
  output: Output,
  input: AsyncIterable<Uint8Array>,
  environment: CtlCall['environment'] = process.env,
): Promise<ExitCode> {
  await using dialogue = openDialogue(input, (question) => output.err(question))
  let isJson = argv.includes('--json')
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        ...ctlOptions,
        tenant: { type: 'string' },
        root: { type: 'string', default: '/' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const { tenant, root, json, help, ...options } = values
    isJson = json
    if (help) {
      output.out(ctlUsage)
      return exitCode.done
    }
    const command = commandOf(positionals)
    const words = positionals.slice(command.name.split(' ').length)
    checkUse(command, words, Object.keys(options) as CtlOption[])
    const call = { words, options, tenant, isJson, root, environment, output, dialogue }
    return await command.run(call)
  } catch (error) {
    if (error instanceof CausewayError) {
      report(error.errors ?? [error.toJSON()], null, { isJson, output })
      return ctlExitOf(error.code)
    }
    const isArgument = /^ERR_PARSE_ARGS_/.test((error as { code?: string }).code ?? '')
    if (!(error instanceof Misuse) && !isArgument) throw error
    output.err(misuseText((error as Error).message).replace('--help', 'ctl --help'))
    return exitCode.usage
  }
}

function usageOf({ name, takes, help }: CtlCommand): string {
  const lines = help.split('\n').map((line) => `      ${line}\n`)
  return `  ${`${name} ${takes}`.trim()}\n${lines.join('')}`
}

/** @throws Misuse */
function commandOf(words: readonly string[]): CtlCommand {
  const [first, second = ''] = words
  if (first === undefined) throw new Misuse('ctl needs a command')
  const found = commands.find(({ name }) => name === `${first} ${second}` || name === first)
  if (found !== undefined) return found
  const verbs = commands.flatMap(({ name }) => (name.startsWith(`${first} `) ? [name] : []))
  if (verbs.length > 0) throw new Misuse(`ctl ${first} needs a word more: ${verbs.join(', ')}`)
  const names = [...new Set(commands.map(({ name }) => name.split(' ')[0]!))]
  throw new Misuse(`there is no 'ctl ${first}'${meantText(first, names)}`)
}

/** @throws Misuse */
function checkUse(
  { name, takes, words: [least, most], options: known }: CtlCommand,
  words: readonly string[],
  given: readonly CtlOption[],
): void {
  if (words.length < least) throw new Misuse(`ctl ${name} takes ${takes}`)
  if (words.length > most) throw new Misuse(`ctl ${name} takes no '${words[most]}'`)
  const other = given.find((option) => !known.includes(option))
  if (other !== undefined) throw new Misuse(`--${other} is not for ctl ${name}`)
}
