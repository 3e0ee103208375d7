/** Gives a running site another configuration, as an admin would: edits the file, sends SIGHUP, waits. */
import { readFileSync, writeFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'
import type { Lab } from './lab.ts'

const appliedMs = 20_000

// biome-ignore lint/suspicious/noExplicitAny: tests write into it what the parse then judges
export type AnyConfig = any

/** @param change may change the object or give another. Its revision is the next one. */
export async function reconfigure(
  lab: Lab,
  site: string,
  change: (config: AnyConfig) => AnyConfig,
): Promise<void> {
  const path = `/etc/causeway/${lab.names.instance(site)}/device.yaml`
  const before = parse(readFileSync(path, 'utf8'))
  const revision = before.revision + 1
  const config = change(before) ?? before
  writeFileSync(path, stringify({ ...config, revision }))
  const { gateway } = lab.processes.get(site)!
  gateway.signal('SIGHUP')
  const applied = new RegExp(`"revision":${revision}[,}].*"configuration applied"`)
  await gateway.line((line) => applied.test(line), appliedMs)
}
