/**
 * What leaves an uplink keeps to its rate, from slow to fast, and fills it, with one connection too; another rate counts at once and
 * loses nothing. Bytes are those of frames with their Ethernet headers, as the internet's end of the link counts them.
 */
import { setTimeout as passed } from 'node:timers/promises'
import { describeSites, uplinksOf } from '../../lab/description.ts'
import { awaitReachable, hostAddress, startServers } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { setWanFrames } from '../../lab/links.ts'
import { startPace } from '../../lab/pace.ts'
import { reconfigure } from '../../lab/reconfigure.ts'
import type { Check, Line } from '../line.ts'
import { bpsBetween, linkBytes, narrow, wide } from './scene.ts'

const rates = { full: ['1M', '10M', '100M', '1G'], quick: ['10M'] } as const
const seconds = { full: 10, quick: 3 } as const
/** Of a second of the slowest a packet is one percent. */
const within = { full: 0.01, quick: 0.03 } as const
const least = 0.95
const startTimeoutMs = 10_000
/** In the place of 10M. */
const wrongRate = '11M'

export const rate: Line = {
  name: 'rate',
  title: 'what leaves an uplink keeps to its rate and fills it; another rate counts at once',
  faults: { 'wrong-rate': '10M: rate', 'drop-packet': 'rates change under a stream' },
  measure: async ({ isQuick, fault }) => {
    const form = isQuick || fault !== undefined ? 'quick' : 'full'
    await using lab = await openLab(describe())
    await lab.start()
    await setWanFrames(lab, 'real', 'own')
    await startServers(lab)
    await awaitReachable(lab, narrow, wide)
    await using server = lab.spawn(`${wide}-host`, ['iperf3', '--server', '--forceflush'])
    await server.line((line) => line.includes('Server listening'), startTimeoutMs)
    const checks: Check[] = []
    for (const text of rates[form]) {
      await setRate(lab, fault === 'wrong-rate' ? wrongRate : text)
      const asked = bitsOf(text)
      const [many, one] = [
        await measure(lab, 4, seconds[form]),
        await measure(lab, 1, seconds[form]),
      ]
      checks.push(
        {
          check: `${text}: rate, four connections`,
          target: `± ${within[form] * 100} % in ${seconds[form]} s`,
          figure: percent(many / asked - 1),
          isOk: Math.abs(many / asked - 1) <= within[form],
        },
        {
          check: `${text}: filled by one connection`,
          target: `≥ ${least * 100} %`,
          figure: percent(one / asked),
          isOk: one / asked >= least,
        },
      )
    }
    checks.push(await changes(lab, fault === 'drop-packet'))
    return checks
  },
}

function describe() {
  const { sites, ...rest } = describeSites(2)
  return {
    ...rest,
    sites: sites.map((site) =>
      site.name === narrow
        ? { ...site, ...uplinksOf([{ ...site.wan, more: { up: '10M' } }]) }
        : site,
    ),
  }
}

function setRate(lab: Lab, up: string): Promise<void> {
  return reconfigure(lab, narrow, (config) => {
    config.uplinks[0].up = up
  })
}

function bitsOf(text: string): number {
  const unit = text.endsWith('G') ? 1e9 : 1e6
  return Number(text.slice(0, -1)) * unit
}

/** Bits a second on the link, once the connections have found its end. */
async function measure(lab: Lab, connections: number, forSeconds: number): Promise<number> {
  const marks = ['--parallel', String(connections), '--time', String(forSeconds + 10)]
  const argv = ['iperf3', '--client', hostAddress(lab, wide), ...marks, '--forceflush']
  await using tcp = lab.spawn(`${narrow}-host`, argv)
  await tcp.line((line) => /\b2\.00-3\.\d+\b/.test(line), startTimeoutMs)
  const before = await linkBytes(lab, narrow)
  await passed(forSeconds * 1_000)
  return bpsBetween(before, await linkBytes(lab, narrow))
}

/** A stream of half a megabit a second goes on while the rate of its link is changed, and taken away, and given again. */
async function changes(lab: Lab, isDropping: boolean): Promise<Check> {
  const address = hostAddress(lab, wide)
  await using pace = await startPace(lab, `${narrow}-host`, `${wide}-host`, address, {
    ...{ ratePps: 500, bytes: 100, port: 9_300 },
  })
  await pace.heard()
  for (const text of ['1M', '100M', '2M']) await setRate(lab, text)
  await reconfigure(lab, narrow, (config) => {
    delete config.uplinks[0].up
  })
  await setRate(lab, isDropping ? '64k' : '10M')
  await passed(500)
  const { flows } = await pace.finish()
  const { sent, lost } = flows[0]!
  return {
    check: 'rates change under a stream: lost',
    target: '0',
    figure: `${lost} of ${sent}`,
    isOk: lost === 0 && sent > 0,
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}
