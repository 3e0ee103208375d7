/**
 * No packet to an overlay prefix leaves in clear, whatever dies, comes or changes. Host and box of one site send to the
 * other's prefixes all the time, both families, and breakout is on, so that a leak would have a way; what crosses
 * each WAN is recorded whole, and nothing of what they say may be in it.
 */
import { startCapture } from '../../lab/capture.ts'
import { describeSites } from '../../lab/description.ts'
import { awaitReachable } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import type { Program } from '../../lab/program.ts'
import type { Check, Line } from '../line.ts'
import {
  address6,
  clearPath,
  internet,
  prepareIpv6,
  site,
  startSources,
  transitions,
  writeConfig,
} from './no-leak-parts.ts'

const turns = { full: 20, quick: 1 }
/** The quick form leaves out what another state holds as well: boot begins with both dead, a peer that is down with
 *  a dead datapath. */
const quickly = new Set(['peer down', 'route withdrawn', 'configuration switched', 'boot'])
const saidMs = 10_000

export const noLeak: Line = {
  name: 'no-leak',
  title: 'no packet to an overlay prefix leaves in clear, in whatever state the box is',
  isQuickBeside: true,
  faults: { 'clear-box': 'clear-box', 'clear-host': 'clear-host' },
  measure: async ({ isQuick, fault }) => {
    await using lab = await openLab(describeSites(2))
    const captures = []
    for (const { name } of lab.sites) captures.push(await startCapture(lab, 'internet', name))
    await lab.start()
    await prepareIpv6(lab)
    await writeConfig(lab, {})
    await awaitReachable(lab, 'berlin', 'lisbon')
    const breakout = await breaksOut(lab)
    const sources = await startSources(lab)
    const sent = new Map<string, number>()
    const rounds = isQuick ? turns.quick : turns.full
    const states = Object.entries(transitions).filter(([state]) => !isQuick || quickly.has(state))
    const wanted = fault === undefined ? states : [[fault, clearPath[fault]!] as const]
    for (let round = 0; round < rounds; round++) {
      for (const [state, change] of wanted) {
        await say(sources, state, sent)
        await change(lab, round)
        await awaitReachable(lab, 'berlin', 'lisbon')
      }
    }
    await say(sources, 'end', sent)
    // What passes while a recording ends could be counted as missed.
    await Promise.all(sources.map((source) => source.stop()))
    for (const site of lab.processes.values()) {
      await Promise.all(Object.values(site).map((program) => program.stop()))
    }
    const recorded = []
    for (const capture of captures) recorded.push(await capture.finish())
    const missed = recorded.reduce((sum, one) => sum + one.missed, 0)
    const clear = recorded.flatMap(({ frames }) =>
      frames.flatMap(({ bytes }) => clearText(bytes) ?? []),
    )
    return [
      ...wanted.map(([state]) => verdict(state, rounds, sent.get(state) ?? 0, clear)),
      {
        check: 'elsewhere',
        target: '0 in clear, 0 missed by the recordings',
        figure: `${clear.filter((text) => !wanted.some(([state]) => text.startsWith(`${state} `))).length}, ${missed}`,
        isOk:
          clear.every((text) => wanted.some(([state]) => text.startsWith(`${state} `))) &&
          missed === 0,
      },
      {
        check: 'control: breakout, IPv4 and IPv6',
        target: 'yes, yes',
        figure: breakout.map((isOut) => (isOut ? 'yes' : 'no')).join(', '),
        isOk: breakout.every(Boolean),
      },
    ]
  },
}

function verdict(state: string, rounds: number, sent: number, clear: readonly string[]): Check {
  const leaked = clear.filter((text) => text.startsWith(`${state} `))
  const whose = [...new Set(leaked)].join(', ')
  return {
    check: state,
    target: '0 in clear',
    figure: `${leaked.length} of ${sent} in ${rounds} transitions${whose === '' ? '' : `: ${whose}`}`,
    isOk: leaked.length === 0 && sent > 0,
  }
}

/** `STATE LABEL` of a packet of the sources that stands in a frame as it is; null for any other. */
function clearText(frame: Buffer): string | null {
  const at = frame.indexOf('causeway-leak ')
  return at < 0 ? null : frame.subarray(at + 'causeway-leak '.length).toString('latin1')
}

/** Whether the host reaches the internet by each family. */
async function breaksOut(lab: Lab): Promise<boolean[]> {
  const answers = [internet.address4, address6.internet].map(async (address) => {
    const argv = ['ping', '-n', '-c', '3', '-i', '0.3', '-W', '1', address]
    return (await lab.attempt(`${site}-host`, argv)).stdout.includes(' time=')
  })
  return Promise.all(answers)
}

/** Names what happens from now on, and adds up what was sent under the name before. */
async function say(
  sources: readonly Program[],
  state: string,
  sent: Map<string, number>,
): Promise<void> {
  for (const source of sources) {
    const before = source.tail.split('"said"').length
    let passed = 0
    const answer = source.line((line) => line.includes('"said"') && ++passed >= before, saidMs)
    source.write(`${state}\n`)
    const said = JSON.parse(await answer) as { state: string; sent: number }
    sent.set(said.state, (sent.get(said.state) ?? 0) + said.sent)
  }
}
