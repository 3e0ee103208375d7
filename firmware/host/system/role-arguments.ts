/** What a role of the firmware is started with: `[--instance NAME] [--root DIR]`, and the datapath's sizes and cipher. */
import { parseArgs } from 'node:util'
import { type Endpoint, parseEndpoint } from '../../model/address.ts'
import { controllerPort } from '../../model/host-port.ts'
import { stunPort } from '../../model/nat.ts'
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
      /** The CPU that the datapath's worker has to itself; null: it shares those of the process. */
      readonly workerCpu: number | null
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
        'worker-cpu': { type: 'string' },
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
    const cpuText = values['worker-cpu']
    if (cpuText !== undefined && !/^(0|[1-9]\d{0,2})$/.test(cpuText)) {
      return wrong('--worker-cpu takes the number of a CPU')
    }
    const workerCpu = cpuText === undefined ? null : Number(cpuText)
    const aead = aeads.find((name) => name === values.aead)
    if (aead === undefined) return wrong(`--aead takes ${aeads.join(', ')}`)
    return { places: placesOf(values.instance, values.root), memoryMb, flows, workerCpu, aead }
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error))
  }
}

export type ControllerArguments =
  | {
      readonly places: Places
      readonly host: string
      readonly port: number
      /** Where it answers STUN. */
      readonly stun: Endpoint
      /** Names and addresses by which it is called: in its certificate. */
      readonly names: readonly string[]
    }
  | { readonly places: null; readonly problem: string }

const mostNames = 16

/** `[--instance NAME] [--root DIR] [--listen ADDRESS:PORT] [--stun ADDRESS:PORT] [--name NAME]…`. Never throws. */
export function readControllerArguments(argv: readonly string[]): ControllerArguments {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        instance: { type: 'string', default: defaultInstance },
        root: { type: 'string', default: '/' },
        listen: { type: 'string', default: `0.0.0.0:${controllerPort}` },
        stun: { type: 'string' },
        name: { type: 'string', multiple: true, default: ['localhost'] },
      },
    })
    const { instance, root, listen, name: names } = values
    if (!isInstanceName(instance)) return wrongAs(`'${instance}' names no instance`)
    const endpoint = parseEndpoint(listen)
    if (endpoint === null) return wrongAs('--listen takes an address and a port, like 0.0.0.0:8443')
    const { address: host, port } = endpoint
    const stun =
      values.stun === undefined ? { address: host, port: stunPort } : parseEndpoint(values.stun)
    if (stun === null) return wrongAs('--stun takes an address and a port, like 0.0.0.0:3478')
    if (names.length > mostNames || names.some((name) => !/^[A-Za-z0-9.:-]{1,253}$/.test(name))) {
      return wrongAs(`--name takes a name or an address, ${mostNames} times at most`)
    }
    return { places: placesOf(instance, root), host, port, stun, names }
  } catch (error) {
    return wrongAs(error instanceof Error ? error.message : String(error))
  }
}

function wrongAs(problem: string): { readonly places: null; readonly problem: string } {
  return { places: null, problem }
}

function wrong(problem: string): RoleArguments {
  return { places: null, problem }
}
