/** The units of the image: each that is ours shuts itself in, starts by itself, and is enabled. `systemd-analyze` judges. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../../../image/rootfs')
const folder = join(root, 'usr/lib/systemd/system')
const preset = readFileSync(join(root, 'usr/lib/systemd/system-preset/10-causeway.preset'), 'utf8')
const services = readdirSync(folder).filter((name) => /^causeway-.*\.service$/.test(name))
const analyze = '/usr/bin/systemd-analyze'
const skip = existsSync(analyze) ? false : 'there is no systemd-analyze here'
/** Tenths. The most that a unit of ours may be exposed. */
const mostExposed = 30

/** The exposure by systemd's own measure. @throws what it printed, above the limit */
async function exposureOf(path: string): Promise<string> {
  const argv = ['security', '--offline=true', '--no-pager', `--threshold=${mostExposed}`, path]
  const { stdout } = await run(analyze, argv, { maxBuffer: 1 << 20 })
  return /exposure level for .*: (\d+\.\d)/.exec(stdout)?.[1] ?? ''
}

for (const name of services) {
  test(`${name} is exposed to 3.0 at most`, { skip }, async () => {
    assert.match(await exposureOf(join(folder, name)), /^\d\.\d$/)
  })
}

test('a unit that is open to more is found', { skip }, async () => {
  const open = mkdtempSync(join(tmpdir(), 'causeway-units-'))
  try {
    const text = readFileSync(join(folder, 'causeway-gateway.service'), 'utf8')
    const path = join(open, 'causeway-gateway.service')
    writeFileSync(path, text.replace(/^CapabilityBoundingSet=.*$/m, ''))
    await assert.rejects(exposureOf(path))
  } finally {
    rmSync(open, { recursive: true })
  }
})

test('every unit of ours that starts by itself is enabled, and what is enabled is there or Debian’s', () => {
  const enabled = preset
    .split('\n')
    .filter((line) => line.startsWith('enable '))
    .map((line) => line.slice('enable '.length))
  const isOurs = (name: string): boolean => existsSync(join(folder, name.replace(/@.+\./, '@.')))
  const foreign = enabled.filter((name) => !isOurs(name))
  assert.deepEqual(foreign, ['nftables.service', 'chrony.service'])
  const files = readdirSync(folder).filter((name) => /\.(service|mount)$/.test(name))
  const wanted = files.filter((name) =>
    /^\[Install\]/m.test(readFileSync(join(folder, name), 'utf8')),
  )
  const templates = enabled.map((name) => name.replace(/@.+\./, '@.'))
  assert.deepEqual(
    wanted.filter((name) => !templates.includes(name)),
    [],
  )
})

test('a service that goes on starts again however often it ends', () => {
  for (const name of ['datapath', 'gateway', 'console']) {
    const text = readFileSync(join(folder, `causeway-${name}.service`), 'utf8')
    assert.match(text, /^Restart=always$/m, name)
    assert.match(text, /^StartLimitIntervalSec=0$/m, name)
  }
})

test('mounts are named after their places', () => {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.mount'))) {
    const where = /^Where=\/(.+)$/m.exec(readFileSync(join(folder, name), 'utf8'))?.[1] ?? ''
    assert.equal(`${where.replaceAll('/', '-')}.mount`, name)
  }
})

test('the base ruleset is one that nft takes', {
  skip: existsSync('/usr/sbin/nft') ? false : 'no nft',
}, async () => {
  await run('/usr/sbin/nft', ['-c', '-f', join(root, 'etc/nftables.conf')])
})
