/** What diagnostics need of the machine, all together: a port, whose real one is here. */
import type { LogRing } from '../system/log-ring.ts'
import type { Places } from '../system/places.ts'
import type { ArchivePart } from './archive.ts'
import { type CaptureFiles, captureFilesIn } from './capture-files.ts'
import { machineFacts } from './machine-facts.ts'
import { systemTools } from './system.ts'
import type { Tools } from './tools.ts'

export interface DiagnoseMachine {
  readonly tools: Tools
  readonly captureFiles: CaptureFiles
  /** Of this process. */
  readonly logRing: Pick<LogRing, 'after'>
  /** What the kernel says, of these NICs too. Never throws. */
  readonly facts: (nics: readonly string[]) => Promise<readonly ArchivePart[]>
}

export function systemDiagnostics(
  { captureFolder, nicNetns }: Pick<Places, 'captureFolder' | 'nicNetns'>,
  logRing: LogRing,
): DiagnoseMachine {
  return {
    tools: systemTools(),
    captureFiles: captureFilesIn(captureFolder),
    logRing,
    facts: (nics) => machineFacts(nicNetns, nics),
  }
}
