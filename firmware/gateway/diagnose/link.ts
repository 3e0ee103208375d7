/**
 * The test of an uplink, from the plug outwards: carrier, address, gateway, names, whether somebody wants a sign-in first, what
 * NAT does, what its paths carry. Each step says what to do. What cannot be known from here is said so.
 */
import { parseAddress } from '../../model/address.ts'
import type { UplinkStatus } from '../../model/local-api.ts'
import { type LinkRequest, portalUrl, type RunStep } from '../../model/local-api-diagnose.ts'
import { codeText, isAnswer, uplinkAddress } from './dns.ts'
import { followPing, msText } from './ping.ts'
import { configOf, namedOf, refuse, type Surroundings } from './place.ts'
import type { Work } from './runs.ts'

type Step = Pick<RunStep, 'verdict' | 'sentence'> & Partial<RunStep>

const gatewayPings = 3
const mostServers = 4

/** @throws API_INVALID, API_NOT_READY before it begins */
export function linkWork(request: LinkRequest, around: Surroundings): Work {
  const { name } = namedOf('uplink', request.uplink, configOf(around).uplinks)
  const url = portalOf(request.portalUrl ?? portalUrl)
  return async (tell, signal) => {
    const bad: string[] = []
    const say = (step: Step): boolean => {
      tell.step(step)
      if (step.verdict === 'bad') bad.push(step.sentence)
      tell.conclude(
        bad.length === 0 ? 'good' : 'bad',
        bad[0] ?? `Uplink ${name}: all that can be tested from here is well.`,
      )
      return step.verdict === 'good'
    }
    const uplink = around.status().uplinks.find((one) => one.name === name)
    if (uplink === undefined) refuse('/uplink', 'is not known yet')
    if (!say(carrierStep(uplink)) && uplink.isUp === false) return
    const from = uplinkAddress(around, name, 4) ?? uplinkAddress(around, name, 6)
    if (!say(addressStep(uplink, isByDhcp(around, name))) || from === null) return
    say(await gatewayStep(uplink, around, signal))
    if (signal.aborted) return
    const found = await namesStep(name, url.host, { from, around, signal })
    say(found.step)
    if (signal.aborted) return
    say(await portalStep(url, found.address, { from, around, signal }))
    for (const step of natSteps(uplink)) say(step)
    sayPaths(say, name, around)
  }
}

function carrierStep({ name, nic, isUp }: UplinkStatus): Step {
  if (isUp === true) return { verdict: 'good', sentence: `${name} has a carrier (${nic}).` }
  if (isUp === null)
    return {
      verdict: 'unknown',
      sentence: 'The datapath does not answer, so nobody knows the carrier.',
    }
  return {
    verdict: 'bad',
    sentence: `${name} has no carrier.`,
    remedy: `See that the cable of ${nic} is in at both ends and that the modem has power; try another cable.`,
  }
}

function isByDhcp({ config }: Surroundings, name: string): boolean {
  return config()?.uplinks.find((one) => one.name === name)?.address === 'dhcp'
}

function addressStep({ name, address }: UplinkStatus, isDhcp: boolean): Step {
  const [first] = address
  if (first !== undefined)
    return {
      verdict: 'good',
      address: first,
      sentence: `${name} has the address ${address.join(', ')}.`,
    }
  return isDhcp
    ? {
        verdict: 'bad',
        sentence: `${name} was lent no address.`,
        remedy:
          'The DHCP server there does not answer, or what it lends is a network that is inside. Start the modem anew; ask the provider whether it lends to this box.',
      }
    : {
        verdict: 'bad',
        sentence: `${name} has no address.`,
        remedy: 'Give it one, or `dhcp`, in the configuration.',
      }
}

async function gatewayStep(
  { name, gateway }: UplinkStatus,
  around: Surroundings,
  signal: AbortSignal,
): Promise<Step> {
  if (gateway === null)
    return {
      verdict: 'bad',
      sentence: `${name} has no gateway.`,
      remedy:
        'Nothing beyond its own network is reached: configure `gateway`, or see that DHCP tells one.',
    }
  const times: number[] = []
  const ping = {
    ...{ address: gateway, count: gatewayPings, bytes: 56, source: ['-I', name] },
    intervalSeconds: 0.2,
  }
  await followPing(around, ping, signal, (word) => {
    if (word.kind === 'answer') times.push(word.seconds)
  })
  if (times.length > 0) {
    const best = Math.min(...times)
    const sentence = `The gateway ${gateway} answers ${times.length} of ${gatewayPings} pings, in ${msText(best)}.`
    return { verdict: 'good', address: gateway, seconds: best, sentence }
  }
  const mac = await around.tools.neighbour(name, gateway)
  if (mac !== null)
    return {
      verdict: 'good',
      address: gateway,
      sentence: `The gateway ${gateway} is there (${mac}), though it answers no ping.`,
    }
  return {
    verdict: 'bad',
    address: gateway,
    sentence: `The gateway ${gateway} does not answer.`,
    remedy:
      'The modem or the provider is at fault, or the address is of another network than it was.',
  }
}

interface Asking {
  readonly from: string
  readonly around: Surroundings
  readonly signal: AbortSignal
}

async function namesStep(
  uplink: string,
  host: string,
  { from, around, signal }: Asking,
): Promise<{ step: Step; address: string | null }> {
  const literal = parseAddress(host) === null ? null : host
  const leases = await around.leases()
  const lent = leases.find(({ device }) => device === uplink)?.dnsServers ?? []
  const family = parseAddress(from)!.family
  const servers = [...new Set([...lent, ...(around.config()?.dns?.servers ?? [])])]
    .filter((server) => parseAddress(server)?.family === family)
    .slice(0, mostServers)
  if (servers.length === 0)
    return {
      step: {
        verdict: 'unknown',
        sentence: 'No DNS server is known for it, so names cannot be tested.',
      },
      address: literal,
    }
  const type = family === 4 ? 'A' : 'AAAA'
  const silent: string[] = []
  for (const server of servers) {
    const name = literal === null ? host : portalHost
    const answer = await around.tools.ask({ name, type, servers: [server], from, signal })
    if (isAnswer(answer.code)) {
      const what = answer.code === null ? 'answers' : codeText(answer.code)
      const verdict = answer.code === 'EREFUSED' ? 'bad' : 'good'
      return {
        step: { verdict, address: server, sentence: `The DNS server ${server} ${what}.` },
        address: literal ?? answer.records[0] ?? null,
      }
    }
    silent.push(server)
  }
  const step: Step = {
    verdict: 'bad',
    sentence: `No DNS server answers by it (${silent.join(', ')}).`,
    remedy:
      'Name other servers under `dns`, or ask the provider; a sign-in page may stand before everything.',
  }
  return { step, address: literal }
}

const portalHost = new URL(portalUrl).hostname

async function portalStep(
  { host, port, path }: Portal,
  address: string | null,
  { from, around, signal }: Asking,
): Promise<Step> {
  const cannotTell = `Whether a sign-in page stands between cannot be told: ${host}`
  if (address === null)
    return { verdict: 'unknown', sentence: `${cannotTell} has no address here.` }
  const page = await around.tools.page({ address, port, host, path, from, signal })
  if (page === null) return { verdict: 'unknown', sentence: `${cannotTell} does not answer.` }
  if (page.status === 204) return { verdict: 'good', sentence: 'No sign-in page stands between.' }
  const where = /^https?:\/\/[\x21-\x7e]{1,200}$/.test(page.to)
    ? ` It sends one to ${page.to}.`
    : ''
  return {
    verdict: 'bad',
    sentence: `Somebody else answers for ${host} (HTTP ${page.status}): most likely a sign-in page.${where}`,
    remedy: 'Sign in with a device behind that network, or have the provider let this box pass.',
  }
}

interface Portal {
  readonly host: string
  readonly port: number
  readonly path: string
}

/** @throws API_INVALID */
function portalOf(text: string): Portal {
  const url = URL.parse(text)
  if (url === null || url.hostname === '') refuse('/portalUrl', 'is no URL')
  return { host: url.hostname, port: url.port === '' ? 80 : Number(url.port), path: url.pathname }
}

function natSteps({ nat }: UplinkStatus): readonly Step[] {
  if (nat.length === 0)
    return [
      { verdict: 'unknown', sentence: 'What NAT stands before it is not known: nobody was asked.' },
    ]
  return nat.map(({ isBlocked, explanation, mapped }) => ({
    verdict: isBlocked ? 'bad' : 'info',
    address: mapped,
    sentence: explanation.endsWith('.') ? explanation : `${explanation}.`,
    remedy: isBlocked
      ? 'UDP is blocked there: have the overlay’s port let out, or use another uplink.'
      : null,
  }))
}

function sayPaths(say: (step: Step) => boolean, uplink: string, around: Surroundings): void {
  const all = around.paths().peers.flatMap(({ paths }) => paths)
  const own = all.filter((path) => path.uplink === uplink)
  if (own.length === 0) {
    say({ verdict: 'info', sentence: 'No peer has a path by it.' })
    return
  }
  const up = own.filter(({ state }) => state === 'up')
  const verdict = up.length > 0 ? 'good' : 'bad'
  say({ verdict, sentence: `${up.length} of ${own.length} paths to peers by it are up.` })
  const sizes = up.flatMap(({ mtuBytes }) => mtuBytes ?? [])
  if (sizes.length === 0) return
  const least = Math.min(...sizes)
  say({
    verdict: 'info',
    number: least,
    sentence: `They take packets of up to ${least} bytes whole.`,
  })
}
