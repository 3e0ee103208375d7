/** A store on LevelDB whose machine loses its power: what was not synced is gone, and nothing that was acknowledged is among it. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { openLevelTable } from '../../../../firmware/host/store/level-table.ts'
import { openStore } from '../../../../firmware/host/store/ordered-store.ts'

const root = mkdtempSync(join(tmpdir(), 'causeway-power-'))
after(() => rmSync(root, { recursive: true }))
const folder = join(root, 'store')
const notes = join(root, 'synced')
const noter = join(root, 'synced.so')
const flags = ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror']

/** @returns what was acknowledged last, when it was killed in the midst of what followed */
async function writeUntil(revision: number): Promise<number> {
  const writer = join(import.meta.dirname, 'level-writer.ts')
  const child = spawn(process.execPath, [writer, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LD_PRELOAD: noter, CAUSEWAY_SYNCED: notes },
  })
  const ended = once(child, 'close')
  let acknowledged = 0
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line)
    if (acknowledged >= revision) child.kill('SIGKILL')
  }
  await ended
  return acknowledged
}

/** Leaves of each log what was synced. */
function cutPower(): void {
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.log'))) {
    const note = join(notes, name)
    const synced = existsSync(note) ? Number(readFileSync(note, 'utf8')) : 0
    const path = join(folder, name)
    assert.ok(synced <= statSync(path).size)
    truncateSync(path, synced)
  }
}

test('nothing that was acknowledged is lost when the power is cut in the midst of commits', async () => {
  mkdirSync(notes)
  execFileSync('cc', [...flags, '-o', noter, join(import.meta.dirname, 'synced.c'), '-ldl'])
  for (let round = 1; round <= 3; round++) {
    const acknowledged = await writeUntil(round * 200)
    cutPower()
    await using store = await openStore(await openLevelTable(folder))
    assert.ok(acknowledged >= round * 200)
    for (let at = 1; at <= acknowledged; at++) {
      assert.equal((await store.get(`k${at}`))?.revision, at, `k${at} of ${acknowledged}`)
    }
  }
})
