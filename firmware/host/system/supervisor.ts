/**
 * What the supervisor of this process (systemd) is told: that it is ready, and again and again that its loop of events still
 * turns. Without one that wants to know, nothing. sd_notify(3), systemd.service(5) `WatchdogSec=`. The only place that loads
 * the native module for it.
 */
import { createRequire } from 'node:module'
import process from 'node:process'

/** Mirrors native/addon/notify.c. */
interface NativeModule {
  send(path: string, text: string): boolean
}

type Environment = Readonly<Record<string, string | undefined>>

/** Begins when the process is ready, and ends by itself with it. @param env of this process, but in tests */
export function tellSupervisor(env: Environment = process.env): Disposable {
  const { NOTIFY_SOCKET: path } = env
  if (path === undefined || path === '') return { [Symbol.dispose]: () => {} }
  const native = createRequire(import.meta.url)('../../../native/out/notify.node') as NativeModule
  native.send(path, 'READY=1')
  const everyMs = beatMs(env, process.pid)
  // As a timer of the loop: it is silent when that hangs.
  const timer =
    everyMs === null ? null : setInterval(() => native.send(path, 'WATCHDOG=1'), everyMs)
  timer?.unref()
  return {
    [Symbol.dispose]: () => {
      if (timer !== null) clearInterval(timer)
      native.send(path, 'STOPPING=1')
    },
  }
}

/** A third of what the supervisor waits for; null: it waits for nothing of this process. */
export function beatMs(env: Environment, pid: number): number | null {
  const { WATCHDOG_USEC: us = '', WATCHDOG_PID: whose } = env
  if (!/^[1-9]\d{0,15}$/.test(us)) return null
  if (whose !== undefined && whose !== String(pid)) return null
  return Math.max(1, Math.floor(Number(us) / 3_000))
}
