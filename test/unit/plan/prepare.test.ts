/** What of a machine's memory and CPUs the datapath gets, on machines as they are sold. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cpuList, cpuMask, parseCpuList } from '../../../firmware/model/cpu-list.ts'
import { datapathEnvironment, planCpus, planMemory } from '../../../firmware/plan/prepare.ts'

test('128 MiB of hugepages from 1 GiB on, 256 from 8 GiB on, none where there is next to nothing', () => {
  const planned = [430, 950, 1_970, 3_900, 7_650, 15_800].map((total) => planMemory(total))
  assert.deepEqual(
    planned.map(({ hugepages, datapathMb }) => [hugepages, datapathMb]),
    [
      [0, 128],
      [64, 128],
      [64, 128],
      [64, 128],
      [128, 256],
      [128, 256],
    ],
  )
})

test('the worker has the last CPU, all else two others at most; one CPU is shared', () => {
  assert.deepEqual(planCpus([0]), { worker: null, others: [0] })
  assert.deepEqual(planCpus([0, 1]), { worker: 1, others: [0] })
  assert.deepEqual(planCpus([0, 1, 2]), { worker: 2, others: [0, 1] })
  assert.deepEqual(planCpus([0, 1, 2, 3]), { worker: 3, others: [0, 1] })
  assert.deepEqual(planCpus([0, 2, 4, 6, 8]), { worker: 8, others: [0, 2] })
})

test('the datapath is told both', () => {
  const [memory, none] = [planMemory(2_000), planMemory(8_000)]
  const options = 'CAUSEWAY_DATAPATH_OPTIONS=--memory'
  assert.equal(datapathEnvironment(memory, planCpus([0, 1])), `${options} 128 --worker-cpu 1\n`)
  assert.equal(datapathEnvironment(none, planCpus([0])), `${options} 256\n`)
})

test('sets of CPUs as the kernel writes them', () => {
  assert.equal(cpuList([0, 1, 2, 5, 7, 8]), '0-2,5,7-8')
  assert.equal(cpuMask([0, 1]), '00000003')
  assert.equal(cpuMask([0, 33]), '00000002,00000001')
  assert.deepEqual(parseCpuList('0-2,5,7-8\n'), [0, 1, 2, 5, 7, 8])
  for (const text of ['', 'all', '3-1', '1,,2']) assert.equal(parseCpuList(text), null)
})
