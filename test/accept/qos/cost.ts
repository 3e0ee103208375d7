/** What it costs that packets wait for their turn: in memory, one core, against the same graph without a rate; and memory. */
import { type InMemoryFault, measureInMemory } from '../../bench/in-memory.ts'
import { type Check, fullTarget, type Line } from '../line.ts'

const targets: Readonly<Record<number, number>> = { 64: 0.6, 1420: 0.8 }
/** The short form sees a scheduler that broke, and judges no speed. */
const quickShare = 0.5
const mostBytes = 128 * 1024 * 1024

export const cost: Line = {
  name: 'cost',
  title: 'sealing with the scheduler, in memory on one core, against the same without',
  faults: { 'slow-shaped': '64 B', 'lost-packet': 'packets' },
  isQuickBeside: true,
  measure: async ({ isQuick, fault }) => {
    const figures = await measureInMemory(isQuick ? 21 : 101, fault as InMemoryFault | undefined)
    const { sizes, qosBytes, wrong } = figures
    const lost = figures.in - figures.out
    const checks = sizes.flatMap(({ bytes, sealShaped, sealGraph }): Check[] => {
      const target = targets[bytes]
      if (target === undefined) return []
      const least = isQuick ? target * quickShare : target
      const rates = `${sealShaped.mpps.toFixed(2)} of ${sealGraph.mpps.toFixed(2)} Mpps`
      return [
        {
          check: `${bytes} B: share that is kept`,
          target: `≥ ${least * 100} %${fullTarget(isQuick, `≥ ${target * 100} %`)}`,
          figure: `${(sealShaped.toGraph * 100).toFixed(0)} % (${rates})`,
          isOk: sealShaped.toGraph >= least,
        },
      ]
    })
    return [
      ...checks,
      {
        check: 'memory of an uplink with 1,000 peers of four classes each',
        target: '< 128 MB',
        figure: `${(qosBytes / 1024 / 1024).toFixed(1)} MB`,
        isOk: qosBytes > 0 && qosBytes < mostBytes,
      },
      {
        check: 'packets that went in come out, and hold what they should',
        target: '0 lost, 0 wrong',
        figure: `${lost} lost, ${wrong} wrong`,
        isOk: lost === 0 && wrong === 0,
      },
    ]
  },
}
