/** An appliance at whose shell commands are typed: slots as in host/slots/appliance.ts, the real API over a status of its own. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import type { Call, ExitCode, Output } from '../../../firmware/cli/call.ts'
import { runCli } from '../../../firmware/cli/cli.ts'
import { openApi } from '../../../firmware/gateway/api/api.ts'
import { Firmware } from '../../../firmware/gateway/firmware.ts'
import { raucSlots } from '../../../firmware/host/slots/rauc.ts'
import type { SlotNews } from '../../../firmware/host/slots/slots.ts'
import type { Places } from '../../../firmware/host/system/places.ts'
import type { EnrolmentAnswer } from '../../../firmware/model/enrolment.ts'
import type { Status } from '../../../firmware/model/local-api.ts'
import { composeStatus } from '../../../firmware/plan/status.ts'
import { noAccess, partsWith } from '../gateway/sample-access.ts'
import { alone, noEnrolment } from '../gateway/sample-enrolment.ts'
import { nothingElse } from '../gateway/sample-system.ts'
import {
  type Appliance,
  makeBundle,
  makeSigner,
  openAppliance,
  type Signer,
} from '../host/slots/appliance.ts'
import { sampleBefore } from '../plan/sample-slot.ts'
import { statusFacts } from '../plan/sample-status.ts'

export interface Said {
  readonly code: ExitCode
  readonly out: string
  readonly err: string
}

export interface ApplianceBox extends Appliance {
  readonly signer: Signer
  readonly bundle: (version: string) => string
  readonly typed: (...argv: string[]) => Promise<Said>
  /** The same of a command whose waits are shorter here. */
  readonly called: (command: (call: Call) => Promise<ExitCode>, ...words: string[]) => Promise<Said>
  /** What the gateway says; null fields are not asked. */
  status: Status
  enrolment: EnrolmentAnswer
  readonly news: SlotNews[]
  /** What was asked to start anew. */
  readonly restarts: string[]
  /** The gateway's socket opens, or closes. */
  readonly openGateway: () => Promise<void>
  readonly closeGateway: () => Promise<void>
}

export async function openApplianceBox(context: TestContext): Promise<ApplianceBox> {
  const appliance = await openAppliance(context)
  const { root, places } = appliance
  const signer = makeSigner(root, 'release')
  writeFileSync(join(root, 'keyring.pem'), signer.authority)
  let api: AsyncDisposable | null = null
  const access = noAccess()
  const box: ApplianceBox = {
    ...{ ...appliance, signer, news: [], restarts: [], enrolment: alone },
    status: composeStatus(statusFacts()),
    bundle: (version) => makeBundle(root, signer, { version }),
    typed: (...argv) =>
      hearing((output) => runCli([...argv, '--root', root], output, Readable.from([]))),
    called: (command, ...words) =>
      hearing((output) => command({ ...callOf(places), words, output })),
    openGateway: async () => {
      const firmware = new Firmware({
        ...{ slots: raucSlots(places, appliance.rauc), before: () => sampleBefore },
        onNews: (news) => void box.news.push(news),
        onFault: (error) => assertNever(error),
      })
      api = await openApi({
        ...Object.assign(partsWith(access), { socketPath: places.apiSocket }),
        status: () => box.status,
        enrolment: { ...noEnrolment, show: () => box.enrolment },
        system: {
          ...nothingElse.system,
          restart: async (what) => {
            box.restarts.push(what)
            return { inSeconds: 1 }
          },
          firmware: {
            show: () => firmware.show(),
            install: (upload) => firmware.install(upload),
            markGood: () => firmware.markGood(),
            rollBack: () => firmware.rollBack(),
          },
        },
        onFault: (error) => assertNever(error),
      })
    },
    closeGateway: async () => {
      await api?.[Symbol.asyncDispose]()
      api = null
    },
  }
  context.after(async () => {
    await box.closeGateway()
    await access.access[Symbol.asyncDispose]()
  })
  await box.openGateway()
  return box
}

function assertNever(error: unknown): never {
  throw error
}

function callOf(places: Places): Omit<Call, 'words' | 'output'> {
  const flags = { isJson: false, isWide: false, isSure: false }
  return {
    ...flags,
    places,
    confirmSeconds: null,
    terminals: [],
    marks: {},
    input: Readable.from([]),
  }
}

async function hearing(act: (output: Output) => Promise<ExitCode>): Promise<Said> {
  const said = { out: '', err: '' }
  const output = {
    out: (text: string): void => {
      said.out += text
    },
    err: (text: string): void => {
      said.err += text
    },
  }
  const code = await act(output)
  return { code, ...said }
}
