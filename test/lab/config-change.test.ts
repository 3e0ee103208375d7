/** A change of configuration on real namespaces: tried, taken back by itself, confirmed; status by HTTPS from the LAN. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse, stringify } from 'yaml'
import { bare, describeSites } from './description.ts'
import { awaitReachable, patiently } from './hosts.ts'
import { openLab } from './lab.ts'

const causeway = join(import.meta.dirname, '../../build/causeway')

test('what cuts the LAN off is taken back by itself; what is confirmed stays; the LAN may ask', async () => {
  await using lab = await openLab(describeSites(2))
  await lab.start()
  await awaitReachable(lab, 'berlin', 'lisbon')
  const instance = lab.names.instance('berlin')
  const path = `/etc/causeway/${instance}/device.yaml`
  const config = parse(readFileSync(path, 'utf8'))
  const cli = (...argv: string[]) =>
    lab.attempt('berlin', [causeway, ...argv, '--instance', instance], { timeoutMs: 60_000 })
  const file = `/run/causeway/${instance}/new.yaml`

  const cutting = structuredClone(config)
  cutting.revision++
  cutting.peers = []
  writeFileSync(file, stringify(cutting))
  const applied = await cli('config', 'apply', file, '--confirm-seconds', '8')
  assert.equal(applied.code, 0, applied.stderr)
  assert.match((await cli('status')).stdout, /is not confirmed: taken back in \d+ s/)
  await awaitReachable(lab, 'berlin', 'lisbon')
  const shown = await cli('config', 'show')
  assert.match(shown.stderr, /^# revision 1, from device.yaml\n/)
  assert.match(shown.stdout, /^version: 1\n/)

  const opening = structuredClone(config)
  opening.revision += 2
  opening.api = { lan: 'status' }
  for (const segment of opening.segments) segment.admin = true
  writeFileSync(file, stringify(opening))
  assert.equal((await cli('config', 'apply', file)).code, 0)
  assert.equal((await cli('config', 'confirm')).code, 0)
  assert.equal(parse(readFileSync(path, 'utf8')).revision, config.revision + 2)
  assert.match((await cli('config', 'history')).stdout, /\n2 .* apply .* runs\n1 .* edit /)
  const { lan, wan } = lab.sites.find(({ name }) => name === 'berlin')!
  const curl = ['curl', '-sk', '--max-time', '5', '-o', '/dev/null', '-w', '%{http_code}']
  const inside = await lab.attempt('berlin-host', [
    ...curl,
    ...patiently,
    `https://${bare(lan.address)}/api/v1/status`,
  ])
  assert.equal(inside.stdout, '200')
  const outside = await lab.attempt('internet', [
    ...curl,
    `https://${bare(wan.address)}/api/v1/status`,
  ])
  assert.equal(outside.stdout, '000')
})
