/**
 * Each unit of ours shuts itself in: `systemd-analyze security` gives it 3.0 at most. In short by this machine's systemd; in full by the
 * image's own, on the units as they lie in it.
 */
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { slotImage } from '../../image/builds.ts'
import { imageTestFolder } from '../../image/disks.ts'
import { run } from '../../lab/command.ts'
import type { Check, Line } from '../line.ts'
import { claim } from './parts.ts'

const mostExposed = 3
const source = join(import.meta.dirname, '../../../image/rootfs')
const folder = 'usr/lib/systemd/system'
const unpackMs = 15 * 60_000

export const units: Line = {
  name: 'units',
  title: 'each unit of ours is exposed to 3.0 at most, as systemd measures it',
  isQuickBeside: true,
  faults: { 'unit-of-debian': 'dbus.service' },
  measure: async ({ isQuick, fault }) => {
    if (isQuick && fault === undefined) return judged(source, [], [])
    const root = join(imageTestFolder, `units-${process.pid}`)
    await mkdir(imageTestFolder, { recursive: true })
    const slot = await slotImage('x86_64')
    try {
      const argv = ['unsquashfs', '-quiet', '-no-progress', '-d', root, slot]
      await run(argv, { timeoutMs: unpackMs })
      return await judged(root, ['chroot', root], fault === undefined ? [] : ['dbus.service'])
    } finally {
      await rm(root, { recursive: true, force: true })
    }
  },
}

async function judged(
  root: string,
  inside: readonly string[],
  more: readonly string[],
): Promise<Check[]> {
  const names = await readdir(join(root, folder))
  const ours = names.filter((name) => /^causeway-.*\.service$/.test(name))
  const checks: Check[] = []
  for (const name of [...ours, ...more]) {
    const path = join(inside.length === 0 ? root : '/', folder, name)
    const how = ['systemd-analyze', 'security', '--offline=true', '--no-pager', path]
    const text = await run([...inside, ...how], { timeoutMs: unpackMs })
    const [, exposure] = /exposure level for .*: (\d+\.\d)/.exec(text) ?? []
    checks.push(
      claim(name, Number(exposure ?? 10) <= mostExposed, exposure ?? 'not judged', '≤ 3.0'),
    )
  }
  return checks.length > 0 ? checks : [claim('there are units of ours', false, 'none')]
}
