/**
 * Presses the reset button of a machine whose firmware does not come to its end. QEMU has one thread for all processors of a guest here
 * (hardware.ts); once in some hundred starts one of them misses that it is woken, and OVMF waits for it for ever. Nothing of an image has
 * run by then, nor anything that it wrote: what hangs later is not helped.
 */

/** The firmware says so each time that it hands over. */
export const firmwareLine = /BdsDxe: starting/
/** The kernel's last word. */
const restartLine = /reboot: Restarting system/
/** Of a busy machine it takes a fifth of that. */
const usualMs = 240_000
const mostPresses = 3

export class FirmwareWatch implements Disposable {
  readonly #press: () => void
  readonly #mostMs: number
  #timer: NodeJS.Timeout | undefined
  #presses = 0

  constructor(press: () => void, mostMs = usualMs) {
    this.#press = press
    this.#mostMs = mostMs
  }

  /** Its power is on, or it starts anew. */
  begin(): void {
    this[Symbol.dispose]()
    this.#timer = setTimeout(() => {
      if (this.#presses++ >= mostPresses) return
      this.begin()
      this.#press()
    }, this.#mostMs).unref()
  }

  /** What the machine says. */
  hear(line: string): void {
    if (firmwareLine.test(line)) this[Symbol.dispose]()
    else if (restartLine.test(line)) this.begin()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}
