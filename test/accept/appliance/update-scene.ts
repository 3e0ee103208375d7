/** A box that is updated by its API, over and over: what it ran before, what it runs now, and whether its settings are what they were. */
import { setTimeout as passed } from 'node:timers/promises'
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { Status } from '../../../firmware/model/local-api.ts'
import type { ConfigAnswer } from '../../../firmware/model/local-api-config.ts'
import type { SlotAnswer, SlotsAnswer } from '../../../firmware/model/local-api-slots.ts'
import type { Box } from '../../image/box.ts'
import { type BundleWish, bundleOf } from '../../image/builds.ts'
import { firmwareLine } from '../../image/firmware-watch.ts'
import { openVmScene, type VmScene } from '../../image/scene.ts'
import { apply, kept, runningConfig, setUp, startMs, wireKeyOf } from '../../image/set-up.ts'
import type { Vm } from '../../image/vm.ts'
import { awaitReachable } from '../../lab/hosts.ts'
import { reconfigure } from '../../lab/reconfigure.ts'

const againMs = 500
/** A box that does not prove itself has five minutes; all of that is slower here. */
export const backMs = 15 * 60_000

export interface Updating extends AsyncDisposable {
  readonly scene: VmScene
  readonly vm: Vm
  readonly box: Box
}

/** Set up, with a peer that is up, and proven. */
export async function openUpdating(): Promise<Updating> {
  await using stack = new AsyncDisposableStack()
  const scene = stack.use(await openVmScene({ vms: { berlin: 'x86_64' } }))
  const vm = scene.vm('berlin')
  await vm.start()
  const box = stack.use(await setUp(scene.lab, 'berlin'))
  const wireKey = await wireKeyOf(box)
  await reconfigure(scene.lab, 'lisbon', (config) => {
    for (const peer of config.peers) if (peer.name === 'berlin') peer.wireKey = wireKey
  })
  const all = stack.move()
  const updating = { scene, vm, box, [Symbol.asyncDispose]: () => all.disposeAsync() }
  await proven(updating)
  // What was up before an update has to be up after it.
  await awaitReachable(scene.lab, 'berlin', 'lisbon', 4, startMs)
  return updating
}

export async function bundle(wish: Omit<BundleWish, 'arch'>): Promise<string> {
  return bundleOf({ arch: 'x86_64', ...wish })
}

/** @returns what the box answers: `taken`, or the code of its refusal */
export async function install({ box }: Pick<Updating, 'box'>, file: string): Promise<string> {
  await box.signIn()
  try {
    await box.send<SlotsAnswer>('/api/v1/slots/install', file)
    return 'taken'
  } catch (error) {
    if (error instanceof CausewayError && error.code !== 'LAB_COMMAND') return error.code
    throw error
  }
}

/** As somebody on the page does it, until the API answers again. @returns `performance.now()` when it was asked for */
export async function restart({ box, vm }: Pick<Updating, 'box' | 'vm'>): Promise<number> {
  const { mark } = vm.serial
  await box.signIn()
  const askedMs = performance.now()
  await box.post('/api/v1/system/restart', { what: 'machine' })
  await vm.serial.waitFor(firmwareLine, startMs, mark).catch(async (error: unknown) => {
    console.error(`  ${vm.site}'s machine stands at ${await vm.whereabouts()}`)
    throw error
  })
  await box.answers(startMs)
  await box.signIn()
  return askedMs
}

/** How often the machine has started since. */
export function startsSince({ serial }: Vm, mark: number): number {
  return serial.since(mark).filter((line) => firmwareLine.test(line)).length
}

export async function running({ box }: Pick<Updating, 'box'>): Promise<SlotAnswer> {
  const { slots } = await box.get<SlotsAnswer>('/api/v1/slots')
  return slots.find(({ isRunning }) => isRunning)!
}

/** Until what runs has proven itself. @returns it. @throws LAB_TIMEOUT */
export async function proven(
  updating: Pick<Updating, 'box'>,
  limitMs = startMs,
): Promise<SlotAnswer> {
  const deadlineMs = performance.now() + limitMs
  for (;;) {
    const slot = await running(updating)
    if (slot.state === 'good') return slot
    if (performance.now() > deadlineMs) {
      throw new CausewayError('LAB_TIMEOUT', `slot ${slot.name} is ${slot.state} and stays so`)
    }
    await passed(againMs)
  }
}

/** What somebody has put on the box, as one text. */
export async function settingsOf({ box }: Pick<Updating, 'box'>): Promise<string> {
  const { text } = await box.get<ConfigAnswer>('/api/v1/config')
  const users = await box.get<{ readonly users: readonly object[] }>('/api/v1/users')
  const { entries } = await box.get<{ readonly entries: readonly object[] }>(
    '/api/v1/config/history',
  )
  const { wireKey } = await box.get<Status>('/api/v1/status')
  const names = users.users.map((user) => JSON.stringify({ ...user, sessions: 0 }))
  return [text, wireKey, ...names, ...entries.map((entry) => JSON.stringify(entry))].join('\n')
}

/** Another setting, for good. */
export async function changeSetting({ box }: Pick<Updating, 'box'>): Promise<void> {
  const before = await runningConfig(box)
  const config = { ...before, revision: before.revision + 1, dns: { servers: ['192.0.2.53'] } }
  await apply(box, config)
  await kept(box, config.revision)
}

/** The peer is out of reach, or back: nothing passes through the internet, whose own host answers all the time. */
export async function reachPeer({ scene }: Updating, isReachable: boolean): Promise<void> {
  const chain = '{ chain cut { type filter hook forward priority 0; policy drop; }; }'
  const rules = isReachable ? 'delete table inet cut' : `add table inet cut ${chain}`
  await scene.lab.exec('internet', ['nft', rules])
}
