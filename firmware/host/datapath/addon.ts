/**
 * The native module in this process. The only place that loads it; nothing reachable from here may start a child
 * process, into which EAL's memory handles would leak.
 */
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import process from 'node:process'
import { CausewayError } from '../../model/errors.ts'
import type { Verb } from '../../wire/datapath.ts'
import type { Answer, Transport } from './client.ts'

export interface AddonOptions {
  /** Packet memory: 128–4,096 MiB, of hugepages unless `noHugepages`. */
  readonly memoryMb: number
  /** That have a place of their own in the table of flows: 16–4,194,304, rounded up to a power of two. */
  readonly flows: number
  /** 1 + the CPU that the worker has to itself; 0: it shares those of the process. */
  readonly ownCpu: number
  readonly noHugepages: boolean
  readonly aead: 'auto' | 'ipsec-mb' | 'openssl'
  /** Where EAL may make its folder, which it does even where it shares nothing. */
  readonly runFolder: string
}

/** Mirrors native/addon/module.c. */
interface NativeModule {
  open(options: AddonOptions, wake: () => void): void
  call(verb: number, payload: Uint8Array): [number, Uint8Array]
  events(): Uint8Array[]
  close(): void
}

export interface Addon extends Transport {
  /** The verb is done when this returns. */
  callNow(verb: number, payload: Uint8Array): Answer
}

/** Starts the engine; one a process, once. @throws DATAPATH_REFUSED with the part that failed */
export function openAddon(options: AddonOptions): Addon {
  const native = createRequire(import.meta.url)('../../../native/out/causeway.node') as NativeModule
  const onEvents: ((bytes: Uint8Array) => void)[] = []
  const onCloses: ((reason: string) => void)[] = []
  let isOpen = true

  const drain = (): void => {
    const events = native.events()
    for (const event of events) for (const handler of onEvents) handler(event)
    // More may wait than one batch holds; other work of the loop comes in between.
    if (events.length > 0) setImmediate(drain)
  }
  mkdirSync(options.runFolder, { recursive: true, mode: 0o700 })
  process.env.RUNTIME_DIRECTORY = options.runFolder
  try {
    native.open(options, drain)
  } catch (cause) {
    throw new CausewayError('DATAPATH_REFUSED', 'the dataplane did not start', {
      detail: cause instanceof Error ? cause.message : String(cause),
      cause,
    })
  }
  const callNow = (verb: number, payload: Uint8Array): Answer => {
    const [status, bytes] = native.call(verb, payload)
    return { status, bytes }
  }
  return {
    callNow,
    call: async (verb: Verb, payload) => callNow(verb, payload),
    onEvent: (handler) => void onEvents.push(handler),
    onClose: (handler) => void onCloses.push(handler),
    [Symbol.asyncDispose]: async () => {
      if (!isOpen) return
      isOpen = false
      native.close()
      for (const handler of onCloses) handler('closed')
    },
  }
}
