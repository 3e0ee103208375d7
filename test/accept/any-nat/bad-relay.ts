/** Runs test/lab/traffic/bad-relay.ts in the internet of a lab: as a relay with the hub's own keys, or as a device of a hub's. */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { bare } from '../../lab/description.ts'
import type { Lab } from '../../lab/lab.ts'
import type { Program } from '../../lab/program.ts'
import { type AnyConfig, reconfigure } from '../../lab/reconfigure.ts'

const program = join(import.meta.dirname, '../../lab/traffic/bad-relay.ts')
const firstPort = 51_821
let started = 0
const overlayPort = 51_820
const sessionMs = 30_000
const answerMs = 10_000
/** Initiations, a second each. */
const patience = 3

export interface Seen {
  readonly passed: number
  readonly types: Readonly<Record<string, number>>
  readonly withCanary: number
  readonly opened: number
  /** What ends said to those that were introduced. */
  readonly answers: number
}

export class BadRelay {
  readonly #program: Program
  #asked = 0

  constructor(running: Program) {
    this.#program = running
  }

  /** What becomes of data that it is to forward, from now on. */
  async does(deed: 'pass' | 'alter' | 'replay' | 'hold'): Promise<void> {
    await this.#ask({ do: deed })
  }

  async seen(canary: Uint8Array): Promise<Seen> {
    return (await this.#ask({ do: 'seen', canary: hex(canary) })) as unknown as Seen
  }

  async replayLast(to: string, count: number): Promise<void> {
    await this.#ask({ do: 'replay-last', to, count })
  }

  /** What was held for an end is sent after all, to one of the ends, by any channel. @param channel null: by its own */
  async release(of: string, to: string, channel: number | null = null): Promise<void> {
    await this.#ask({ do: 'release', of, to, channel: channel ?? 0 })
  }

  /** Wraps a datagram for an end, by any channel. */
  async send(to: string, channel: number, datagram: Uint8Array): Promise<void> {
    await this.#ask({ do: 'send', to, channel, datagram: hex(datagram) })
  }

  /** The relay itself begins another handshake, which the end knows, by its channel. */
  async introduceItself(to: string, lab: Lab): Promise<void> {
    await this.#ask({ do: 'introduce', to, tenant: tenantOf(lab) })
  }

  /** A device that the end does not know begins a handshake, in the name of a tenant, by the end's channel. */
  async introduce(to: string, tenant: string): Promise<void> {
    const { d } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' })
    const privateKey = hex(Buffer.from(d!, 'base64url'))
    await this.#ask({ do: 'introduce', to, tenant, privateKey })
  }

  async #ask(line: object): Promise<Record<string, unknown>> {
    const id = ++this.#asked
    const its = new RegExp(`"id":${id}[,}]`)
    const answer = this.#program.line((said) => its.test(said), answerMs)
    this.#program.write(`${JSON.stringify({ ...line, id })}\n`)
    return JSON.parse(await answer) as Record<string, unknown>
  }
}

/** Puts the hub's processes away and itself, with their key, in their place. */
export async function startBadRelay(lab: Lab): Promise<BadRelay> {
  const { gateway, datapath } = lab.processes.get('hub')!
  await Promise.all([gateway, datapath].map((one) => one.stop('SIGKILL')))
  const ends = ['left', 'right'].map((name) => endOf(lab, name))
  return start(lab, { tenant: tenantOf(lab), privateKey: privateKeyOf(lab, 'hub'), ends })
}

/** A device that the hub knows as `mallory`, of this tenant or of another. @returns null when it gets no session */
export async function startBadDevice(lab: Lab, tenant = tenantOf(lab)): Promise<BadRelay | null> {
  const pair = generateKeyPairSync('x25519')
  const wireKey = Buffer.from(pair.publicKey.export({ format: 'jwk' }).x!, 'base64url')
  const privateKey = hex(Buffer.from(pair.privateKey.export({ format: 'jwk' }).d!, 'base64url'))
  await reconfigure(lab, 'hub', (config: AnyConfig) => {
    config.peers = config.peers.filter(({ name }: { name: string }) => name !== 'mallory')
    config.peers.push({
      name: 'mallory',
      wireKey: wireKey.toString('base64'),
      endpoints: [],
      segments: { office: ['10.66.0.0/24'] },
    })
  })
  const ends = [endOf(lab, 'hub')]
  return start(lab, { tenant, privateKey, ends, patience }).catch(() => null)
}

async function start(lab: Lab, first: object): Promise<BadRelay> {
  const argv = [process.execPath, program, String(firstPort + started++)]
  const running = lab.spawn('internet', argv, { title: 'bad-relay' })
  const ready = running.line((line) => line.includes('"sessions"'), sessionMs)
  running.write(`${JSON.stringify(first)}\n`)
  await ready
  return new BadRelay(running)
}

function endOf(lab: Lab, name: string) {
  const { wan } = lab.sites.find((site) => site.name === name)!
  const remoteKey = publicKeyOf(lab, name)
  return { name, remoteKey, address: bare(wan.address), port: overlayPort }
}

function tenantOf(lab: Lab): string {
  const file = `/etc/causeway/${lab.names.instance('hub')}/device.yaml`
  const { tenant } = parse(readFileSync(file, 'utf8')) as { tenant: string }
  return tenant.replaceAll('-', '')
}

function pemOf(lab: Lab, name: string): string {
  return readFileSync(`/var/lib/causeway/${lab.names.instance(name)}/keys/wire.key`, 'utf8')
}

function privateKeyOf(lab: Lab, name: string): string {
  const { d } = createPrivateKey(pemOf(lab, name)).export({ format: 'jwk' })
  return hex(Buffer.from(d!, 'base64url'))
}

function publicKeyOf(lab: Lab, name: string): string {
  const { x } = createPublicKey(pemOf(lab, name)).export({ format: 'jwk' })
  return hex(Buffer.from(x!, 'base64url'))
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
