/**
 * Who runs a lab's fleet: a person with `causeway ctl` at the controller. Starts the controller, makes the owner's root, hands in the
 * documents, claims the boxes, as the README says it is done.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import { stringify } from 'yaml'
import { askApi } from '../../firmware/host/system/api-client.ts'
import { placesOf } from '../../firmware/host/system/places.ts'
import type { EnrolmentAnswer } from '../../firmware/model/enrolment.ts'
import { CausewayError } from '../../firmware/model/errors.ts'
import type { FleetDocument } from '../../firmware/model/fleet.ts'
import type { CommandResult } from './command.ts'
import {
  controllerAddress,
  controllerFolder,
  controllerPort,
  rootFile,
} from './controller-place.ts'
import { fleetOf } from './fleet-files.ts'
import { appendTo, causeway, type Lab, ready } from './lab.ts'
import type { Program } from './program.ts'

const tenantName = 'lab'
const ctlMs = 60_000
const claimedMs = 30_000
const lookEveryMs = 200

export class Desk {
  readonly #lab: Lab
  readonly #folder: string
  controller: Program

  private constructor(lab: Lab, controller: Program) {
    this.#lab = lab
    this.#folder = controllerFolder(lab.names)
    this.controller = controller
  }

  /** Starts the controller again after it has ended. */
  async restart(): Promise<void> {
    this.controller = await startController(this.#lab)
  }

  /** Before the boxes are started, where they are given the root. */
  static async open(lab: Lab): Promise<Desk> {
    const hasRoot = lab.description.controller?.hasRoot === true
    const isMade = existsSync(rootFile(lab.names))
    const [controller] = await Promise.all([startController(lab), isMade ? null : makeRoot(lab)])
    const desk = new Desk(lab, controller)
    const folder = controllerFolder(lab.names)
    const [authority, token] = [join(folder, 'keys/owner.pem'), join(folder, 'setup-token')]
    const at = `${controllerAddress}:${controllerPort}`
    await desk.ctl('sign-in', at, '--authority', authority, '--token-file', token)
    await Promise.all([
      desk.ctl('tenant', 'add', tenantName),
      hasRoot ? desk.ctl('root', 'delegate', rootFile(lab.names)) : null,
    ])
    return desk
  }

  /** @returns what it prints */
  async ctl(...words: readonly string[]): Promise<string> {
    return this.#lab.exec('controller', this.#argv(words), this.#options)
  }

  attempt(...words: readonly string[]): Promise<CommandResult> {
    return this.#lab.attempt('controller', this.#argv(words), this.#options)
  }

  /** Hands in all documents of the fleet; what is not among them is gone. */
  async apply(documents: readonly FleetDocument[] = fleetOf(this.#lab.description)): Promise<void> {
    const folder = join(this.#folder, 'fleet')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    for (const document of documents) {
      const { kind, name } = document as { readonly kind: string; readonly name: string }
      writeFileSync(join(folder, `${kind}-${name}.yaml`), stringify(document))
    }
    await this.ctl('apply', '-f', folder, '--prune', '--yes')
  }

  /** What a box says of its owner, as `causeway enrol` shows it. */
  async enrolment(site: string): Promise<EnrolmentAnswer> {
    const { apiSocket } = placesOf(this.#lab.names.instance(site))
    return JSON.parse(await askApi(apiSocket, '/api/v1/enrolment')) as EnrolmentAnswer
  }

  /** The same once it waits to be claimed. */
  async waiting(site: string): Promise<EnrolmentAnswer> {
    const { gateway } = this.#lab.processes.get(site)!
    await gateway.line((line) => line.includes('"waits to be claimed"'), claimedMs)
    return this.enrolment(site)
  }

  /** Reads what the box shows, as somebody does who stands before it, and claims it for its site. */
  async claim(site: string): Promise<void> {
    const { serial, deviceId, offers } = await this.waiting(site)
    if (this.#lab.description.controller?.hasRoot === true) {
      await this.ctl('claim', deviceId, site, '--listed')
      return
    }
    const code = offers[0]!.code
    await this.ctl('claim', serial, site, '--code', code)
    const instance = this.#lab.names.instance(site)
    await this.#lab.exec(site, [causeway, 'enrol', 'confirm', code, '--instance', instance])
  }

  /** Until each box runs what its owner signed last and has it confirmed: then it needs no controller to go on with it. */
  async settled(sites = this.#lab.sites.map(({ name }) => name)): Promise<void> {
    const kept = (line: string): boolean => line.includes('"signed configuration kept"')
    await Promise.all(
      sites.map((site) => this.#lab.processes.get(site)!.gateway.line(kept, claimedMs)),
    )
    const deadlineMs = performance.now() + claimedMs
    while (!(await this.#isAllKept(sites))) {
      if (performance.now() > deadlineMs) {
        throw new CausewayError('LAB_TIMEOUT', 'boxes do not keep what was published last')
      }
      await passed(lookEveryMs)
    }
  }

  async #isAllKept(sites: readonly string[]): Promise<boolean> {
    const { edges } = JSON.parse(await this.ctl('edges', '--json')) as {
      readonly edges: readonly { readonly site: string; readonly published: number }[]
    }
    const kept = await Promise.all(sites.map(async (site) => (await this.enrolment(site)).revision))
    return sites.every((name, at) => {
      return edges.find(({ site }) => site === name)?.published === kept[at]
    })
  }

  #argv(words: readonly string[]): string[] {
    return [causeway, 'ctl', ...words, '--tenant', tenantName]
  }

  get #options() {
    return { timeoutMs: ctlMs, env: { XDG_CONFIG_HOME: join(this.#folder, 'xdg') } }
  }
}

/** The owner's, off line: before anything else is there. */
export async function makeRoot(lab: Lab): Promise<void> {
  if (lab.description.controller?.hasRoot !== true) return
  mkdirSync(controllerFolder(lab.names), { recursive: true, mode: 0o700 })
  await lab.exec('controller', [causeway, 'ctl', 'root', 'make', rootFile(lab.names)])
}

async function startController(lab: Lab): Promise<Program> {
  const instance = lab.names.instance('controller')
  const listen = ['--listen', `0.0.0.0:${controllerPort}`, '--name', controllerAddress]
  const file = lab.logFile('internet', 'controller')
  const program = lab.spawn(
    'controller',
    [causeway, 'controller', '--instance', instance, ...listen],
    {
      title: 'controller',
      onLine: file === null ? undefined : appendTo(file),
    },
  )
  await ready(program, 'controller')
  return program
}

/**
 * Starts boxes as they leave a warehouse, and a controller that knows what is to become of them; each runs that once it returns.
 * @param say is told how far it is
 */
export async function startClaimed(
  lab: Lab,
  say: (text: string) => void = () => {},
): Promise<Desk> {
  const sites = lab.sites.map(({ name }) => name)
  await makeRoot(lab)
  const [desk] = await Promise.all([Desk.open(lab), lab.start()])
  await desk.apply()
  say(
    `lab ${lab.id}: the controller has the documents of ${sites.length} sites; the boxes are blank`,
  )
  await Promise.all(sites.map((site) => desk.claim(site)))
  say(`lab ${lab.id}: each box is claimed for its site, and takes what its owner signed`)
  await desk.settled()
  return desk
}
