/** The whole graph on one core, without the kernel, as a share of what the bare AEAD does in the same run. */
import { type InMemoryFault, measureInMemory, type Rate } from '../../bench/in-memory.ts'
import { type Check, fullTarget, type Line } from '../line.ts'

const targets: Readonly<Record<number, number>> = { 64: 0.25, 1420: 0.5 }
/** The short form runs beside whatever else the machine does: it sees a graph that broke, and judges no speed. */
const quickShare = 0.4

export const inMemory: Line = {
  name: 'in-memory',
  title: 'full graph with rules, in memory on one core, against the bare AEAD of the same run',
  faults: { 'slow-graph': 'seal 64 B', 'lost-packet': 'packets' },
  measure: async ({ isQuick, fault }) => {
    const figures = await measureInMemory(isQuick ? 21 : 101, fault as InMemoryFault | undefined)
    const { sizes, compared, wrong, drops } = figures
    const lost = figures.in - figures.out
    const speed = sizes.flatMap(({ bytes, sealGraph, openGraph, sealGraph6, openGraph6 }) => {
      const target = targets[bytes]
      if (target === undefined) return []
      return [
        share(`seal ${bytes} B, IPv4 inside`, target, sealGraph, isQuick),
        share(`open ${bytes} B, IPv4 inside`, target, openGraph, isQuick),
        share(`seal ${bytes} B, IPv6 inside`, target, sealGraph6, isQuick),
        share(`open ${bytes} B, IPv6 inside`, target, openGraph6, isQuick),
      ]
    })
    return [
      ...speed,
      {
        check: 'packets that went in come out, and hold what they should',
        target: '0 lost, 0 wrong',
        figure: `${lost} lost, ${wrong} wrong of ${compared} compared${drops === '' ? '' : ` (${drops})`}`,
        isOk: lost === 0 && wrong === 0 && compared > 0,
      },
    ]
  },
}

function share(check: string, target: number, { mpps, toBare }: Rate, isQuick: boolean): Check {
  const least = isQuick ? target * quickShare : target
  return {
    check: `${check}: share of the bare AEAD`,
    target: `≥ ${least * 100} %${fullTarget(isQuick, `≥ ${target * 100} %`)}`,
    figure: `${(toBare * 100).toFixed(0)} % (${mpps.toFixed(2)} Mpps)`,
    isOk: toBare >= least,
  }
}
