/** What this very machine says of itself: in form, seldom asked, and of the right disk. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cpu, type Systeminformation, system } from 'systeminformation'
import { Compile } from 'typebox/schema'
import { diskOf, openMachine } from '../../../firmware/host/system/machine.ts'
import { openPower } from '../../../firmware/host/system/power.ts'
import { MachineAnswer } from '../../../firmware/model/local-api-system.ts'

test('the answer has its form; many who ask are one question; the second one knows the load', async () => {
  let nowMs = 0
  const machine = openMachine('/var/lib/causeway/main', () => nowMs)
  const [one, other] = await Promise.all([machine.read(), machine.read()])
  assert.equal(one, other)
  assert.ok(Compile(MachineAnswer).Check(one), JSON.stringify(one))
  assert.equal(one.cpuRatio, null)
  nowMs = 10_000
  const later = await machine.read()
  assert.ok(Compile(MachineAnswer).Check(later), JSON.stringify(later))
  assert.ok(later.cpuRatio !== null && later.cpuRatio <= 1.01, `${later.cpuRatio}`)
  assert.ok(later.memoryBytes > later.memoryAvailableBytes && later.cores > 0)
})

test('what could not be told of its kind is asked for again, and kept once it was told', async () => {
  let nowMs = 0
  let asked = 0
  const osInfo = async () => {
    asked++
    if (asked === 1) throw new Error('EMFILE')
    return { distro: 'Debian' } as Systeminformation.OsData
  }
  const machine = openMachine('/var/lib/causeway/main', () => nowMs, { osInfo, cpu, system })
  const names: string[] = []
  for (; nowMs < 40_000; nowMs += 10_000) {
    const { system: name, architecture, hostname, kernel } = await machine.read()
    names.push(name)
    assert.ok(architecture !== '' && hostname !== '' && kernel !== '', 'known without being asked')
  }
  assert.deepEqual([names, asked], [['', 'Debian', 'Debian', 'Debian'], 2])
})

test('the disk is the one that the folder lies on', () => {
  const disk = (mount: string) => ({ mount, size: 2, used: 1 })
  const disks = [disk('/'), disk('/var'), disk('/var/lib/causeway'), disk('/var/lib/cause')]
  assert.equal(diskOf('/var/lib/causeway/main', disks)?.mount, '/var/lib/causeway')
  assert.equal(diskOf('/var/log', disks)?.mount, '/var')
  assert.equal(diskOf('/opt', disks)?.mount, '/')
  assert.equal(diskOf('/opt', [disk('/var')]), null)
})

test('a machine without the mark is not started anew', async () => {
  const power = openPower('/nowhere/appliance', () => assert.fail())
  assert.equal(await power.isAppliance(), false)
  await assert.rejects(power.rebootMachine(), { code: 'HOST_NO_APPLIANCE' })
})
