/** First light: three branch LANs talk through the encrypted overlay, from one command. Its promises, in order. */
import { interop } from './first-light/interop.ts'
import { memory } from './first-light/memory.ts'
import { rekeys } from './first-light/rekeys.ts'
import { startOnce } from './first-light/start-once.ts'
import { throughput } from './first-light/throughput.ts'
import { wireSecrecy } from './first-light/wire-secrecy.ts'
import type { Line } from './line.ts'

export const lines: readonly Line[] = [startOnce, wireSecrecy, interop, rekeys, throughput, memory]
