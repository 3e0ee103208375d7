/**
 * Makes UDP sockets that belong to one interface (SO_BINDTOIFINDEX, socket(7)): two uplinks may have the same address, and
 * what is sent by one of them leaves there. The only place that loads the native module for it.
 */
import { createRequire } from 'node:module'
import type { UdpAddress } from './udp.ts'

/** Mirrors native/addon/udp.c. */
interface NativeModule {
  /** @throws the system's error, without its call */
  bind(ifindex: number, address: string, port: number): number
  indexOf(name: string): number
}

export interface DeviceSocket {
  /** Its owner closes it. */
  readonly fd: number
  /** The interface is gone, or another one has its name by now: nothing comes or goes by this one any more. */
  readonly isStale: () => boolean
}

let native: NativeModule | null = null

/** @throws the system error (ENODEV, EADDRINUSE, EADDRNOTAVAIL) when interface or place is not there, or taken */
export function bindToDevice({ address, port }: UdpAddress, device: string): DeviceSocket {
  native ??= createRequire(import.meta.url)('../../../native/out/udp.node') as NativeModule
  const { bind, indexOf } = native
  const ifindex = indexOf(device)
  try {
    return { fd: bind(ifindex, address, port), isStale: () => indexOf(device) !== ifindex }
  } catch (error) {
    const where = `${address} port ${port} on '${device}'`
    const message = `bind to ${where}: ${error instanceof Error ? error.message : String(error)}`
    const { code } = error as NodeJS.ErrnoException
    throw Object.assign(new Error(message, { cause: error }), { code, syscall: 'bind' })
  }
}
