/** The NAT routers of a lab, to be changed while it runs: another kind, another address, a wall. */
import { CausewayError } from '../../firmware/model/errors.ts'
import type { Lab } from './lab.ts'
import { carrierOf, routerOf } from './names.ts'
import { hopsOf, type NatSettings, natRules, natSettings, natSysctls } from './nat-rules.ts'

/** What runs commands in the namespaces of a lab: the lab, or another program beside it. */
export type Reached = Pick<Lab, 'sites' | 'exec'>

/** A running router, to be changed; each change is there when the call is back. */
export class Nat {
  readonly #lab: Reached
  readonly #where: string
  #settings: NatSettings

  /** @param where `left-nat`, `left-carrier` @param settings those it runs with */
  constructor(lab: Reached, where: string, settings: NatSettings) {
    this.#lab = lab
    this.#where = where
    this.#settings = settings
  }

  get publicAddress(): string {
    return this.#settings.publicAddress
  }

  /** Looks where it is now. */
  async find(): Promise<void> {
    const told = await this.#lab.exec(this.#where, [
      'ip',
      '-4',
      '-o',
      'address',
      'show',
      'dev',
      'wan',
    ])
    const publicAddress = told.match(/ inet ([\d.]+)\//)?.[1]
    if (publicAddress !== undefined) this.#settings = { ...this.#settings, publicAddress }
  }

  /** Another of the five addresses that the link has for it. */
  async moveOn(): Promise<void> {
    const [, net, last] = this.publicAddress.match(/^(.*\.)(\d+)$/)!
    const at = Number(last) & 7
    await this.moveTo(`${net}${Number(last) - at + (at === 6 ? 2 : at + 1)}`)
  }

  /** Behaves otherwise from now on. Of what was mapped nothing is left, as after a restart. */
  async become(change: Partial<Omit<NatSettings, 'publicAddress' | 'inside'>>): Promise<void> {
    await this.#load(change)
  }

  /** Of what was mapped nothing is left. */
  async flush(): Promise<void> {
    await this.#load({})
  }

  /** Another public address of the same link, as a provider gives it overnight; mappings go with the former one. */
  async moveTo(publicAddress: string): Promise<void> {
    const from = this.#settings.publicAddress
    await this.#sh(
      `ip address del ${from}/29 dev wan`,
      `ip address add ${publicAddress}/29 dev wan`,
      `ip route replace default via ${gatewayOf(publicAddress)}`,
    )
    await this.#load({ publicAddress })
  }

  /** Lets nothing through from and to these addresses, mapped or not. */
  async block(addresses: readonly string[]): Promise<void> {
    await this.#nft(`add element ip wall blocked { ${addresses.join(', ')} }`)
  }

  async unblock(): Promise<void> {
    await this.#nft('flush set ip wall blocked')
  }

  /** Those inside no longer reach each other but by the router: a guest network. */
  async isolateInside(): Promise<void> {
    const ports = "ip -o link show master lan | sed 's/^[0-9]*: //; s/@.*//'"
    await this.#sh(`for port in $(${ports}); do bridge link set dev $port isolated on; done`)
  }

  async #load(change: Partial<NatSettings>): Promise<void> {
    this.#settings = { ...this.#settings, ...change }
    const sysctls = Object.entries(natSysctls(this.#settings))
    await this.#sh(...sysctls.map(([name, value]) => `echo ${value} >/proc/sys/net/${name}`))
    await this.#nft(natRules(this.#settings))
  }

  async #nft(input: string): Promise<void> {
    await this.#lab.exec(this.#where, ['nft', '-f', '-'], { input: `${input}\n` })
  }

  async #sh(...commands: readonly string[]): Promise<void> {
    await this.#lab.exec(this.#where, ['sh', '-c', commands.join(' && ')])
  }
}

/** The routers of a site's first uplink: the home's, and the carrier's if there is one. @throws LAB_INVALID */
export function natsOf(lab: Reached, site: string): readonly Nat[] {
  const wan = lab.sites.find(({ name }) => name === site)?.wan
  if (wan?.nat === undefined) throw new CausewayError('LAB_INVALID', `${site} has no NAT`)
  const { nat } = wan
  const places = [routerOf(wan), carrierOf(wan)]
  return hopsOf(wan).map((hop, at) => new Nat(lab, places[at]!, natSettings(nat, hop)))
}

/** The router of a site that has its public address, wherever somebody has moved that to. @throws LAB_INVALID */
export async function outerNatOf(lab: Reached, site: string): Promise<Nat> {
  const nat = natsOf(lab, site).at(-1)!
  await nat.find()
  return nat
}

/** The internet's end of a link of NAT routers: the first address of the /29. */
function gatewayOf(address: string): string {
  const [a, b, c, d] = address.split('.').map(Number) as [number, number, number, number]
  return [a, b, c, (d & ~7) + 1].join('.')
}
