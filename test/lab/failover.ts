/**
 * Proves, in a few seconds, that flows survive the loss of a link: the first uplink of a site is cut in the middle of the
 * internet while an evenly paced flow crosses it, and the longest silence of the flow is measured.
 */
import { setTimeout as passed } from 'node:timers/promises'
import { CausewayError } from '../../firmware/model/errors.ts'
import { run } from './command.ts'
import { hostAddress } from './hosts.ts'
import type { Lab } from './lab.ts'
import { cutCommand, mendCommand } from './look-in.ts'
import { startPace } from './pace.ts'
import { lookAt } from './status.ts'

const ratePps = 500
const mostMs = 1_000
const upTimeoutMs = 15_000
const lookMs = 100
/** Of traffic before the cut, and after it. */
const flowMs = 1_500

export interface FailoverProof {
  readonly text: string
  readonly isOk: boolean
}

export async function proveFailover(lab: Lab, site: string, peer: string): Promise<FailoverProof> {
  const [first, second] = lab.sites.find(({ name }) => name === site)!.wans
  await using flow = await startPace(lab, `${site}-host`, `${peer}-host`, hostAddress(lab, peer), {
    ratePps,
  })
  await flow.heard()
  await untilByAll(lab, site, peer)
  await passed(flowMs)
  await run(cutCommand(lab, site))
  try {
    await passed(flowMs)
    const { flows, missed } = await flow.finish()
    const { gaps, lost } = flows[0]!
    const gap = gaps[0]!
    const uplink = await uplinkTo(lab, site, peer)
    const isOk = missed === 0 && gap.ms < mostMs && uplink === second!.name
    const silent = `silent for ${gap.ms.toFixed(0)} ms, ${lost} lost`
    const text = `${site}'s ${first!.name} cut under ${ratePps} datagrams a second to ${peer}: ${silent}; now by ${uplink}`
    return { text, isOk }
  } finally {
    await run(mendCommand(lab, site))
  }
}

/** Waits until the peer is reached by as many paths as there are. @throws LAB_TIMEOUT */
async function untilByAll(lab: Lab, site: string, peer: string): Promise<void> {
  const deadlineMs = performance.now() + upTimeoutMs
  for (;;) {
    const { paths } = await statusOf(lab, site, peer)
    if (paths.up > 1 && paths.down + paths.untried === 0) return
    if (performance.now() > deadlineMs) {
      throw new CausewayError('LAB_TIMEOUT', `paths from ${site} to ${peer} do not come up`)
    }
    await passed(lookMs)
  }
}

async function uplinkTo(lab: Lab, site: string, peer: string): Promise<string | null> {
  return (await statusOf(lab, site, peer)).uplink
}

async function statusOf(lab: Lab, site: string, peer: string) {
  const { status } = await lookAt(lab, site)
  return status.peers.find(({ name }) => name === peer)!
}
