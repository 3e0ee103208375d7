/**
 * Gets wireguard-go as Debian ships it, for comparison: fetched with apt from one suite and unpacked into
 * .cache, nothing installed. Debian's signatures are checked by apt as ever.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../lab/command.ts'

export type Suite = 'bookworm' | 'trixie'

const cacheRoot = join(import.meta.dirname, '../../.cache/wireguard-go')
const timeoutMs = 120_000

/** @returns the path of the binary, from the cache when it was fetched before */
export async function wireguardBinary(suite: Suite): Promise<string> {
  const folder = join(cacheRoot, suite)
  const binary = join(folder, 'usr/bin/wireguard-go')
  if (existsSync(binary)) return binary

  console.error(`set-up: fetches wireguard-go of Debian's ${suite} into .cache, to compare with`)
  const work = join(cacheRoot, `${suite}-${process.pid}`)
  try {
    const options = preparePrivateApt(work, suite)
    await run(['apt-get', '-qq', ...options, 'update'], { timeoutMs })
    const script = 'cd "$0" && exec apt-get -qq "$@" download wireguard-go'
    await run(['sh', '-c', script, work, ...options], { timeoutMs })
    const file = readdirSync(work).find((name) => name.endsWith('.deb'))
    if (file === undefined) throw new Error(`apt-get fetched no wireguard-go of ${suite}`)
    await run(['dpkg-deb', '-x', join(work, file), join(work, 'root')])
    rmSync(folder, { recursive: true, force: true })
    renameSync(join(work, 'root'), folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return binary
}

/** An apt of its own beside the machine's: other sources, other lists, the same keys. */
function preparePrivateApt(work: string, suite: Suite): string[] {
  for (const folder of ['etc/sources.list.d', 'state/lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(work, folder), { recursive: true })
  }
  const source = [
    'Types: deb',
    'URIs: http://deb.debian.org/debian',
    `Suites: ${suite}`,
    'Components: main',
    'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
  ]
  writeFileSync(join(work, `etc/sources.list.d/${suite}.sources`), `${source.join('\n')}\n`)
  return [
    `Dir::Etc=${work}/etc`,
    `Dir::State=${work}/state`,
    'Dir::State::status=/var/lib/dpkg/status',
    `Dir::Cache=${work}/cache`,
    // The download folder belongs to root alone.
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option])
}
