/**
 * Holds the twins through a detached queue each, so that they keep their carrier, and with it routes and neighbours,
 * while no datapath runs. The only place that loads the native module for it.
 */
import { createRequire } from 'node:module'
import { CausewayError } from '../../model/errors.ts'
import type { TwinState } from '../../model/host-state.ts'

/** Mirrors native/addon/twin.c. */
interface NativeModule {
  /** @throws the system's error */
  hold(name: string, isTap: boolean): number
  release(fd: number): void
  indexOf(name: string): number
}

export interface TwinHolder extends Disposable {
  /** Holds these and no others. A twin that was made anew is another one, whatever its name. @throws HOST_SYSTEM */
  hold(twins: readonly Pick<TwinState, 'name' | 'kind'>[]): void
}

export function openTwinHolder(): TwinHolder {
  const native = createRequire(import.meta.url)('../../../native/out/twin.node') as NativeModule
  const held = new Map<string, { readonly fd: number; readonly index: number }>()
  const letGo = (name: string): void => {
    const one = held.get(name)
    held.delete(name)
    if (one !== undefined) native.release(one.fd)
  }
  return {
    hold(twins) {
      const wanted = new Set(twins.map(({ name }) => name))
      for (const name of held.keys()) if (!wanted.has(name)) letGo(name)
      for (const { name, kind } of twins) {
        const index = native.indexOf(name)
        if (held.get(name)?.index === index) continue
        letGo(name)
        // One that is not there is the next pass's business.
        if (index !== 0) held.set(name, { fd: attach(native, name, kind === 'tap'), index })
      }
    },
    [Symbol.dispose]() {
      for (const name of held.keys()) letGo(name)
    },
  }
}

function attach(native: NativeModule, name: string, isTap: boolean): number {
  try {
    return native.hold(name, isTap)
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    throw new CausewayError('HOST_SYSTEM', `cannot hold the twin '${name}'`, {
      detail,
      cause: error,
    })
  }
}
