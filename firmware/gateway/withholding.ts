/**
 * Remembers which prefixes were inside, over restarts of the gateway too, and says which of those that are not any more
 * must still be kept from the uplinks. What decides is in plan/withheld.ts.
 */
import type { Clock } from '../host/clock/clock.ts'
import type { Log } from '../host/system/log.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { CausewayError } from '../model/errors.ts'
import type { LeaseFacts } from '../model/service.ts'
import { overlapsAny } from '../plan/prefix.ts'
import { insidePrefixes } from '../plan/route.ts'
import { type Withheld, withhold } from '../plan/withheld.ts'
import { fieldsOf } from './log-fields.ts'
import type { RecordFile } from './program-loader.ts'

interface Known {
  readonly inside: readonly string[]
  readonly withheld: readonly Withheld[]
}

export class Withholding {
  readonly #clock: Clock
  readonly #file: Pick<RecordFile, 'read' | 'write'>
  readonly #log: Pick<Log, 'warn'>
  #known: Known | null = null
  #written = ''

  constructor(clock: Clock, file: Pick<RecordFile, 'read' | 'write'>, log: Pick<Log, 'warn'>) {
    this.#clock = clock
    this.#file = file
    this.#log = log
  }

  /**
   * Belongs before the machine is changed.
   *
   * What only a change brought that nobody confirmed (`isTried`) is withheld no longer than the change is tried: before it
   * that was outside, and whoever cut the box off with it must reach the box again as soon as it is taken back. Nothing
   * leaks by it. A packet that was under way is sealed or dropped by the datapath, which lets go only after the machine
   * is as it was. No connection that began inside meanwhile goes on outside: those that the kernel knows are marked, and
   * TCP that it does not know does not break out in its middle (plan/firewall.ts). What a LAN sends by UDP afterwards, the
   * datapath alone knew of: it goes where the confirmed configuration sends it, as before.
   * What the change takes away is withheld like anything else that is withdrawn.
   * @returns canonical prefixes
   */
  async next(
    config: DeviceConfig,
    leases: readonly LeaseFacts[],
    isTried: boolean,
  ): Promise<string[]> {
    this.#known ??= await this.#read()
    const inside = insidePrefixes(config)
    // One whose network is inside is refused; the others are access networks like those that are configured.
    const lent = leases
      .map(({ address }) => address)
      .filter((address) => !overlapsAny(address, inside))
    const withheld = withhold(this.#known, inside, config, lent, this.#clock.nowMs())
    const prefixes = withheld.map(({ prefix }) => prefix)
    if (isTried) return prefixes
    this.#known = { inside, withheld }
    await this.#write(JSON.stringify([...inside, ...prefixes]))
    return prefixes
  }

  /** Of what a gateway before this one knew, the times are forgotten: they begin anew. */
  async #read(): Promise<Known> {
    try {
      const list: unknown = JSON.parse((await this.#file.read()) || '[]')
      const inside = Array.isArray(list) ? list.filter((one) => typeof one === 'string') : []
      return { inside, withheld: [] }
    } catch {
      return { inside: [], withheld: [] }
    }
  }

  /** Without it the next gateway knows of nothing to withhold: no reason to stop this one. */
  async #write(text: string): Promise<void> {
    if (text === this.#written) return
    try {
      await this.#file.write(text)
      this.#written = text
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      this.#log.warn(fieldsOf(error), 'inside record not written')
    }
  }
}
