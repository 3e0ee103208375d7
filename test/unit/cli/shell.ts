/** The CLI as typed in a shell, on a machine that is a folder of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after } from 'node:test'
import type { ExitCode } from '../../../firmware/cli/call.ts'
import { runCli } from '../../../firmware/cli/cli.ts'

export const root = await mkdtemp(join(tmpdir(), 'cwgw-'))
after(() => rm(root, { recursive: true }))

interface Said {
  code: ExitCode
  out: string
  err: string
}

export const cli = (...argv: string[]): Promise<Said> => cliReading('', ...argv)

/** @param input what is piped in */
export async function cliReading(input: string, ...argv: string[]): Promise<Said> {
  const said = { out: '', err: '' }
  const output = {
    out: (text: string): void => {
      said.out += text
    },
    err: (text: string): void => {
      said.err += text
    },
  }
  const code = await runCli([...argv, '--root', root], output, Readable.from([Buffer.from(input)]))
  return { code, ...said }
}

export async function file(name: string, content: string): Promise<string> {
  const path = join(root, name)
  await writeFile(path, content)
  return path
}
