/** A box to test from: what tests know of it, over tools in memory. */
import type { Surroundings } from '../../../../firmware/gateway/diagnose/place.ts'
import { Runs, type Work } from '../../../../firmware/gateway/diagnose/runs.ts'
import type { SpeedSurroundings } from '../../../../firmware/gateway/diagnose/speed.ts'
import { systemClock } from '../../../../firmware/host/clock/system.ts'
import { type FakeTools, fakeTools } from '../../../../firmware/host/diagnose/fake.ts'
import type { DeviceConfig } from '../../../../firmware/model/device-config.ts'
import type { RunAnswer } from '../../../../firmware/model/local-api-diagnose.ts'
import type { PathsAnswer } from '../../../../firmware/model/local-api-path.ts'
import type { LeaseFacts } from '../../../../firmware/model/service.ts'
import { statusOf } from '../../../browser/canned/site.ts'
import { sampleConfig } from '../../model/sample-config.ts'

export interface Around extends SpeedSurroundings {
  readonly tools: FakeTools
  status: Surroundings['status']
  pathsNow: PathsAnswer
  leased: readonly LeaseFacts[]
}

export function around(
  change: (config: DeviceConfig) => DeviceConfig = (config) => config,
): Around {
  const config = change(sampleConfig() as unknown as DeviceConfig)
  const box: Around = {
    config: () => config,
    status: () => statusOf({ site: 'well' }),
    pathsNow: { peers: [] },
    paths: () => box.pathsNow,
    leased: [],
    leases: async () => box.leased,
    tools: fakeTools(),
    // Nobody here waits for a wait.
    clock: { after: (_ms, run) => systemClock().after(0, run) },
  }
  return box
}

/** Runs it to its end. */
export async function carryOut(work: Work): Promise<RunAnswer> {
  const { nowMs, after } = systemClock()
  const onFault = (error: unknown): never => {
    throw error
  }
  using runs = new Runs({ nowMs, after }, () => '0123456789abcdef', onFault)
  const { id } = runs.begin('ping', work)
  for (;;) {
    const run = runs.show(id)
    if (run.isDone) return run
    await new Promise(setImmediate)
  }
}

/** A program that says these lines and ends. */
export function says(
  lines: readonly string[],
  said = '',
  code: number | null = 0,
): FakeTools['program'] {
  return (_argv, { onData }) => {
    onData(Buffer.from(lines.map((line) => `${line}\n`).join('')))
    return { code, said }
  }
}
