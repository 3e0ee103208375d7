/** A controller with a fleet of many boxes that were claimed and published for, and the simulator of those boxes, which waits to be told. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Program } from '../../lab/program.ts'
import { makeManyEdges } from './many-edges.ts'
import { askApi, freePort, residentBytes, Simulator, startController } from './processes.ts'
import type { SimulatorSetup } from './simulator.ts'

export interface Scene extends AsyncDisposable {
  /** The one that runs now. */
  controller: Program
  readonly simulator: Simulator
  /** Of a controller that has no documents yet. */
  readonly bareBytes: number
  /** @param path below the tenant */
  ask(path: string, body?: object): Promise<unknown>
  /** All boxes link for the first time. @returns how many have not in time */
  link(withinMs: number): Promise<number>
  /** As a power cut would: by SIGKILL. */
  kill(): Promise<void>
  /** Another controller on the same store and port. */
  start(): Promise<void>
}

export async function openScene(spokes: number, spoil: SimulatorSetup['spoil']): Promise<Scene> {
  await using stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'causeway-scale-'))
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  const many = await makeManyEdges(folder, spokes)
  const port = await freePort()
  let controller = await startController(folder, port)
  stack.defer(async () => {
    await controller[Symbol.asyncDispose]()
  })
  const bareBytes = residentBytes(controller.pid)
  const ask = (path: string, body?: object): Promise<unknown> => askApi(many, port, path, body)
  const { authority, edges, documents } = many
  const simulator = stack.use(new Simulator(folder, { port, authority, edges, spoil }))
  await ask('apply', { documents, isWhole: true })
  const parts = stack.move()
  return {
    simulator,
    bareBytes,
    ask,
    get controller() {
      return controller
    },
    link: async (withinMs) => {
      const welcomed = simulator.ask({ ask: 'welcome', withinMs })
      simulator.tell({ ask: 'start' })
      return (await welcomed).welcomedUs.filter((us) => us === 0).length
    },
    kill: async () => {
      await controller.stop('SIGKILL')
    },
    start: async () => {
      controller = await startController(folder, port)
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
