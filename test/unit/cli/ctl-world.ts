/** A whole controller on loopback with real TLS, and `causeway ctl` as typed by people who have accounts of their own. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { after } from 'node:test'
import type { ExitCode } from '../../../firmware/cli/call.ts'
import { runCtl } from '../../../firmware/cli/ctl.ts'
import { type Controller, openController } from '../../../firmware/controller/controller.ts'
import { openOwner } from '../../../firmware/controller/owner.ts'
import { systemClock } from '../../../firmware/host/clock/system.ts'
import { fingerprintOf } from '../../../firmware/host/pki/certificate.ts'
import { openLevelTable } from '../../../firmware/host/store/level-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import type { Store } from '../../../firmware/host/store/store.ts'
import type { Role } from '../../../firmware/model/user.ts'

export const folder = mkdtempSync(join(tmpdir(), 'causeway-ctl-'))
after(() => rmSync(folder, { recursive: true }))

export interface Said {
  readonly code: ExitCode
  readonly out: string
  readonly err: string
}

export interface World extends AsyncDisposable {
  readonly controller: Controller
  readonly store: Store
  readonly port: number
  /** Of the owner's authority. */
  readonly fingerprint: string
  /** All that the controller's log says. */
  readonly log: string[]
  /** As of the controller, to be moved. */
  readonly clock: { nowMs: number }
  /** Somebody who has signed in. */
  person(name: string, tenant: string, role: Role): Promise<Person>
  /** Somebody who has not. */
  stranger(): Person
  /** The one who set the machine up. */
  setup(): Promise<Person>
}

export interface Person {
  /** Where their account is. */
  readonly root: string
  ctl(...argv: string[]): Promise<Said>
  /** With this on standard input. */
  typing(input: string, ...argv: string[]): Promise<Said>
}

export const password = 'correct horse battery'

export async function newWorld(name: string): Promise<World> {
  const place = join(folder, name)
  const clock = { nowMs: Date.now() }
  const owner = await openOwner(join(place, 'keys'), ['127.0.0.1'], clock.nowMs)
  const store = await openStore(await openLevelTable(join(place, 'store')))
  const log: string[] = []
  const line = (fields: object, message: string): void => {
    log.push(`${JSON.stringify(fields)} ${message}`)
  }
  const controller = await openController({
    ...{ store, owner, clock: systemClock(), wallMs: () => clock.nowMs, random: randomBytes },
    ...{ log: { info: line, warn: line, error: line }, host: '127.0.0.1', port: 0 },
    firmwareFolder: join(place, 'firmware'),
  })
  const { port } = controller.api
  const fingerprint = fingerprintOf(owner.authority.certificate)
  let people = 0
  const stranger = (): Person => {
    const root = join(place, `person-${people++}`)
    mkdirSync(root, { recursive: true })
    const typing = (input: string, ...argv: string[]) => run(root, input, argv)
    return { root, typing, ctl: (...argv) => typing('', ...argv) }
  }
  const signIn = ['sign-in', `127.0.0.1:${port}`, '--fingerprint', fingerprint]
  return {
    ...{ controller, store, port, fingerprint, log, clock, stranger },
    async person(who, tenant, role) {
      await controller.users.add('setup', { name: who, tenant, role, password })
      const person = stranger()
      const { code, err } = await person.typing(`${who}\n${password}\n`, ...signIn)
      if (code !== 0) throw new Error(err)
      return person
    },
    async setup() {
      const expiresMs = clock.nowMs + 86_400_000
      const asked = { label: 'setup', tenant: '*', role: 'owner', expiresMs } as const
      const person = stranger()
      const file = join(person.root, 'token')
      writeFileSync(file, `${await controller.users.addToken('setup', asked)}\n`, { mode: 0o600 })
      const { code, err } = await person.ctl(...signIn, '--token-file', file)
      if (code !== 0) throw new Error(err)
      return person
    },
    [Symbol.asyncDispose]: () => controller[Symbol.asyncDispose](),
  }
}

async function run(root: string, input: string, argv: readonly string[]): Promise<Said> {
  const said = { out: '', err: '' }
  const output = {
    out: (text: string): void => {
      said.out += text
    },
    err: (text: string): void => {
      said.err += text
    },
  }
  const typed = Readable.from([Buffer.from(input)])
  const code = await runCtl([...argv, '--root', root], output, typed, {})
  return { code, ...said }
}

/** @param path below the test's folder @returns it as a whole */
export function write(path: string, text: string): string {
  const whole = join(folder, path)
  mkdirSync(dirname(whole), { recursive: true })
  writeFileSync(whole, text)
  return whole
}
