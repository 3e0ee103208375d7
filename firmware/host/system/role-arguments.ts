/** What a role of the firmware is started with: `[--instance NAME] [--root DIR]`, and the datapath's sizes and cipher. */
import { parseArgs } from 'node:util'
import { defaultInstance, isInstanceName, type Places, placesOf } from './places.ts'

const aeads = ['auto', 'ipsec-mb', 'openssl'] as const
const defaultMemoryMb = 128
const defaultFlows = 131_072
const mostFlows = 4_194_304

export type RoleArguments =
  | {
      readonly places: Places
      /** Packet memory in MiB. Only the datapath has a use for it, as for what follows. */
      readonly memoryMb: number
      /** Places in the table of flows. */
      readonly flows: number
      readonly aead: (typeof aeads)[number]
    }
  | { readonly places: null; readonly problem: string }

/** Never throws: what was typed wrong is a sentence. */
export function readRoleArguments(argv: readonly string[]): RoleArguments {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        instance: { type: 'string', default: defaultInstance },
        root: { type: 'string', default: '/' },
        memory: { type: 'string', default: String(defaultMemoryMb) },
        flows: { type: 'string', default: String(defaultFlows) },
        aead: { type: 'string', default: 'auto' },
      },
    })
    if (!isInstanceName(values.instance)) return wrong(`'${values.instance}' names no instance`)
    const memoryMb = Number(values.memory)
    if (!Number.isInteger(memoryMb) || memoryMb < 128 || memoryMb > 4096) {
      return wrong('--memory takes 128 to 4096 MiB')
    }
    const flows = Number(values.flows)
    if (!Number.isInteger(flows) || flows < 16 || flows > mostFlows) {
      return wrong(`--flows takes 16 to ${mostFlows}`)
    }
    const aead = aeads.find((name) => name === values.aead)
    if (aead === undefined) return wrong(`--aead takes ${aeads.join(', ')}`)
    return { places: placesOf(values.instance, values.root), memoryMb, flows, aead }
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error))
  }
}

function wrong(problem: string): RoleArguments {
  return { places: null, problem }
}
