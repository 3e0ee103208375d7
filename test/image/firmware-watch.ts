/**
 * Presses the reset button of a machine whose firmware does not come to its end. QEMU has one thread for all processors of a guest here
 * (hardware.ts); once in some hundred starts one of them misses that it is woken, and OVMF waits for it for ever. Between a kernel's last
 * word and the firmware's nothing of an image runs but that kernel's way out: where the processors stand is said (vm.ts), so that a kernel
 * that does not get out is told from it. What hangs at any other time is not helped.
 */

/** The firmware says so each time that it hands over. */
export const firmwareLine = /BdsDxe: starting/
/** The kernel's last word. */
const restartLine = /reboot: Restarting system/
/** A machine of a third of the speed takes 20 s. */
const usualMs = 240_000
/** Of one machine, however often it starts. */
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
