/**
 * A gateway's care for its configuration, with the firmware's own store, source and changes over any disk; machine and
 * datapath are always as asked. Keeps account of what was acknowledged and what was under way.
 */

import { ConfigChanges } from '../../../../firmware/gateway/config-change.ts'
import type { RunningConfig } from '../../../../firmware/gateway/config-check.ts'
import { ConfigSource } from '../../../../firmware/gateway/config-source.ts'
import { virtualClock } from '../../../../firmware/host/clock/virtual.ts'
import type { Disk } from '../../../../firmware/host/system/disk.ts'
import { placesOf } from '../../../../firmware/host/system/places.ts'
import type { CutDisk } from './disk.ts'

export interface Life {
  readonly source: ConfigSource
  readonly changes: ConfigChanges
  /** What the machine has been brought to. */
  readonly running: () => RunningConfig | null
  /** As the reconciler: brings the machine to what is chosen now. */
  readonly pass: () => Promise<void>
  /** Lets time pass and everything that can happen happen. */
  readonly advance: (ms: number) => Promise<void>
}

/** What an observer outside knows: the truth that must survive. */
export interface Account {
  /** Acknowledged last. */
  acknowledged: string
  /** Asked to become permanent and not answered yet: may or may not have. */
  underWay: string | null
  readonly texts: Set<string>
}

export function openLife(disk: Disk, root: string): Life {
  const clock = virtualClock()
  let running: RunningConfig | null = null
  const quiet = (): void => {}
  const log = { info: quiet, warn: quiet, error: quiet }
  const places = placesOf('cut', root)
  const source = new ConfigSource({ places, disk, ownWireKey: '', log, wallMs: () => 0 })
  const pass = async (): Promise<void> => {
    running = await source.choose()
    const outcome = {
      running,
      absentNics: [],
      leases: [],
      refusedLeases: [],
      isDone: running.config !== null,
      failure: null,
    }
    changes.onPass(outcome)
  }
  const changes = new ConfigChanges({
    clock,
    log,
    source,
    request: () => void pass(),
    onChange: quiet,
  })
  return { source, changes, running: () => running, pass, advance: (ms) => clock.advance(ms) }
}

/** Boots: reads what is there, and runs it. */
export async function boot(life: Life): Promise<RunningConfig> {
  return life.source.choose()
}

/** Of changes: each kind there is comes in the first half; all of them are more than 200 operations of the disk. */
export const allCycles = 8

/** Something that is done with configurations; the next one comes after it. */
export interface Step {
  readonly life: Life
  /** What it wants to make permanent; null for what wants nothing of the kind. */
  readonly kept: string | null
  readonly work: () => Promise<unknown>
}

export function newAccount(): Account {
  return { acknowledged: textOf(1), underWay: null, texts: new Set([textOf(1)]) }
}

/** Everything that can be done with configurations, over and over. */
export function* stepsOf(
  disk: CutDisk,
  root: string,
  account: Account,
  {
    cycles = allCycles,
    isEarly = false,
  }: { readonly cycles?: number; readonly isEarly?: boolean } = {},
): Generator<Step> {
  const { config } = placesOf('cut', root)
  disk.put(config, textOf(1))
  let life = openLife(disk, root)
  const step = (work: () => Promise<unknown>, kept: string | null = null): Step => ({
    ...{ life, kept, work },
  })
  yield step(() => boot(life))
  let revision = 1
  for (let cycle = 0; cycle < cycles; cycle++) {
    const now = ++revision
    const confirmSeconds = cycle % 3 === 0 ? 0 : 60
    yield step(() => keep(life, account, now, confirmSeconds, isEarly), textOf(now))
    const tried = textOf(revision + 1, 'tried')
    account.texts.add(tried)
    yield step(() => life.changes.apply(tried, 30))
    if (cycle % 3 === 0) yield step(() => life.changes.rollback())
    else if (cycle % 3 === 1) yield step(() => life.advance(31_000))
    else {
      // The gateway is started again before anybody confirms.
      life.changes[Symbol.dispose]()
      life = openLife(disk, root)
      yield step(() => boot(life))
    }
    yield step(() => life.advance(0))
    if (cycle % 4 === 3) {
      const edited = textOf(++revision, 'by hand')
      account.texts.add(edited)
      disk.put(config, edited)
      account.acknowledged = edited
      life.source.reload()
      yield step(() => life.pass())
    }
  }
}

/** A small document that every check passes. */
export function textOf(revision: number, filler = ''): string {
  return `version: 1
revision: ${revision} # ${filler}
site: berlin
tenant: 8c1f0e6a-5b1e-4a83-9a41-0d7f2f6f2c11
overlay: { port: 51820 }
uplinks:
  - { name: wan0, nic: "netdev:enp1s0", address: [192.0.2.2/24], gateway: 192.0.2.1 }
segments:
  - { name: office, vni: ${100 + (revision % 7)} }
lans:
  - { name: lan0, nic: "netdev:enp2s0", segment: office, address: [10.1.${revision % 250}.1/24] }
peers: []
`
}

/**
 * Hands in and confirms (or needs no confirm), and keeps account.
 * @param isEarly a fault to plant: a store that answers before it has written
 */
export async function keep(
  life: Life,
  account: Account,
  revision: number,
  confirmSeconds: number,
  isEarly = false,
): Promise<void> {
  const text = textOf(revision)
  account.texts.add(text)
  if (confirmSeconds === 0) account.underWay = text
  await life.changes.apply(text, confirmSeconds)
  if (confirmSeconds > 0) {
    account.underWay = text
    if (isEarly) account.acknowledged = text
    await life.changes.confirm()
  }
  account.acknowledged = text
  account.underWay = null
}
