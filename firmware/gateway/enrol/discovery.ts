/**
 * Where a box may ask for its owner: a USB stick, DHCP, its own page, controller.yaml, in this order. All of that are hints:
 * whoever is asked must prove itself (attempt.ts). zero-touch.md, step 3.
 */
import type { KeyObject } from 'node:crypto'
import {
  type ControllerPlaces,
  readControllerSettings,
} from '../../host/config/controller-settings.ts'
import type { Log } from '../../host/system/log.ts'
import type { Places } from '../../host/system/places.ts'
import { CausewayError } from '../../model/errors.ts'
import { formatHostPort, type HostPort, mostControllers } from '../../model/host-port.ts'
import type { LeaseFacts } from '../../model/service.ts'
import { fieldsOf } from '../log-fields.ts'

export interface DiscoveryParts {
  readonly places: Pick<Places, 'usbSettings' | 'controllerSettings'>
  readonly log: Log
  readonly leases: () => Promise<readonly LeaseFacts[]>
  /** Whether hints of access networks are followed: by a blank box, and by one that knows its owner. */
  readonly takesHints: () => boolean
}

/** At most four controllers, those first that are the better hint. */
export interface Found {
  readonly controllers: readonly HostPort[]
  readonly proxy: HostPort | null
  readonly roots: readonly KeyObject[]
}

export class Discovery {
  readonly #parts: DiscoveryParts
  /** By hand, since the gateway started. */
  #typed: ControllerPlaces | null = null
  /** What was wrong with a file when it was told of. */
  readonly #told = new Map<string, string>()

  constructor(parts: DiscoveryParts) {
    this.#parts = parts
  }

  type(places: ControllerPlaces): void {
    this.#typed = places
  }

  /** Never fails: what cannot be read is told once, and passed over. */
  async find(): Promise<Found> {
    const { places, takesHints, leases } = this.#parts
    const usb = await this.#read(places.usbSettings)
    const file = await this.#read(places.controllerSettings)
    const lent = takesHints() ? (await leases()).flatMap(({ controllers }) => controllers) : []
    const said = [usb, this.#typed, file].filter((one) => one !== null)
    const all = [...(usb?.controllers ?? []), ...lent, ...said.flatMap((one) => one.controllers)]
    const byText = new Map(all.map((one) => [formatHostPort(one), one]))
    return {
      controllers: [...byText.values()].slice(0, mostControllers),
      proxy: said.find(({ proxy }) => proxy !== null)?.proxy ?? null,
      roots: said.flatMap(({ roots }) => roots),
    }
  }

  async #read(path: string): Promise<ControllerPlaces | null> {
    try {
      const read = await readControllerSettings(path)
      this.#told.delete(path)
      return read
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      if (this.#told.get(path) !== error.message) {
        this.#told.set(path, error.message)
        this.#parts.log.error(fieldsOf(error), 'controllers not read')
      }
      return null
    }
  }
}
