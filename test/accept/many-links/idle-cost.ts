/**
 * What a peer costs that has nothing to say, where each byte is paid for: all IP bytes of all its paths, both ways, rekeys
 * among them, scaled to a day. And that it is there at once when something is said.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { describeManyLinks } from '../../lab/description.ts'
import { awaitReachable, ping } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { type Reading, since, startMeter } from '../../lab/meter.ts'
import { openDatapath } from '../../lab/paths.ts'
import type { Check, Line } from '../line.ts'

const dayBytes = 1_000_000
const daySeconds = 86_400
/** So long after the last packet paths are still tried and watched. */
const settleMs = { full: 30_000, quick: 3_000 }
/**
 * The quick form lies between two rekeys. It has what keeps NATs open at most once, and at most one proof of how long they remember,
 * of which there are three in all: it sees what is chatty, and judges no day.
 */
const quickMs = 20_000
/** An exchange of 72 bytes a packet; one more, and a call back and its answer of 76. */
const quickBytes = 440
const rekeysOfAll = 3
/** The last rekey was seconds ago. */
const restMs = 30_000
const rekeyTimeoutMs = 150_000
const lookMs = 1_000
const chatEverySeconds = 20

export const idleCost: Line = {
  name: 'idle-cost',
  title: 'an idle peer over metered links costs ≤ 1 MB a day in all, and is there at once',
  isQuickBeside: true,
  isAsleep: true,
  faults: { chat: 'IP bytes', gone: 'first ping' },
  measure: async ({ isQuick, fault }) => {
    await using lab = await openLab(describe())
    await lab.start()
    await awaitReachable(lab, 'berlin', 'lisbon')
    const meter = await startMeter(lab, 'berlin')
    await pause(isQuick ? settleMs.quick : settleMs.full)
    if (fault === 'chat') startChat(lab)
    const wanted = isQuick ? 0 : rekeysOfAll
    if (wanted > 0) await rekeyed(lab, 1)
    const before = await meter.read()
    const beganMs = performance.now()
    // From one rekey on to a later one: whole periods.
    if (wanted > 0) await rekeyed(lab, wanted)
    else await pause(quickMs)
    const seconds = (performance.now() - beganMs) / 1000
    const spent = since(before, await meter.read())
    if (wanted > 0) await pause(restMs)
    if (fault === 'gone')
      for (const { name } of lab.sites[0]!.wans) await lab.wan('berlin', name).cut()
    const answered = await ping(lab, 'berlin', 'lisbon', { count: 1, intervalMs: 1_000 })
    return [
      isQuick ? quickCheck(spent, seconds) : costCheck(spent, seconds, wanted),
      {
        check: 'first ping after the rest',
        target: 'answered',
        figure: answered.length === 0 ? 'lost' : `${answered[0]!.toFixed(1)} ms`,
        isOk: answered.length === 1,
      },
    ]
  },
}

function describe() {
  const way = { delayMs: 10 }
  return describeManyLinks({
    uplinks: 2,
    link: () => ({ emulated: { up: way, down: way }, more: { metered: true } }),
  })
}

/** Waits until another keypair has become current so often. @throws LAB_TIMEOUT */
async function rekeyed(lab: Lab, times: number): Promise<void> {
  await using datapath = await openDatapath(lab, 'berlin')
  const current = async (): Promise<number | undefined> =>
    (await datapath.keypairs()).find(({ state }) => state === 'current')?.localIndex
  let last = await current()
  for (let left = times; left > 0; left--) {
    const deadlineMs = performance.now() + rekeyTimeoutMs
    let now = await current()
    while (now === last) {
      if (performance.now() > deadlineMs) throw new CausewayError('LAB_TIMEOUT', 'no rekey comes')
      await pause(lookMs)
      now = await current()
    }
    last = now
  }
}

/** Somebody is not idle after all. */
function startChat(lab: Lab): void {
  const to = lab.sites[1]!.lan.host.split('/')[0]!
  lab.spawn('berlin-host', ['ping', '-n', '-i', String(chatEverySeconds), to])
}

function costCheck(spent: Reading, seconds: number, rekeys: number): Check {
  const { bytes, parts } = sumOf(spent)
  const perDay = (bytes / seconds) * daySeconds
  return {
    check: `IP bytes a day, of ${seconds.toFixed(0)} s with ${rekeys} rekeys`,
    target: `≤ ${dayBytes / 1e6} MB`,
    figure: `${(perDay / 1e6).toFixed(2)} MB (${parts})`,
    isOk: perDay <= dayBytes,
  }
}

function quickCheck(spent: Reading, seconds: number): Check {
  const { bytes, parts } = sumOf(spent)
  return {
    check: `IP bytes in ${seconds.toFixed(0)} s without a rekey`,
    target: `≤ ${quickBytes} B`,
    figure: `${bytes} B (${parts})`,
    isOk: bytes <= quickBytes,
  }
}

function sumOf(spent: Reading): { readonly bytes: number; readonly parts: string } {
  const kinds = Object.entries(spent).filter(([, { packets }]) => packets > 0)
  return {
    bytes: kinds.reduce((sum, [, one]) => sum + one.bytes, 0),
    parts: kinds.map(([kind, one]) => `${kind} ${one.packets} packets, ${one.bytes} B`).join('; '),
  }
}
