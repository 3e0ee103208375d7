/**
 * What a hostile relay or device has achieved, looked at where it would show: requests that reach the host behind the far end,
 * marked datagrams that leave an honest hub, and sessions that a box has. Nothing here is what somebody says was refused.
 */
import { randomBytes } from 'node:crypto'
import { askApi } from '../../../firmware/host/system/api-client.ts'
import type { SessionsAnswer } from '../../../firmware/model/local-api-session.ts'
import { bare } from '../../lab/description.ts'
import type { Lab } from '../../lab/lab.ts'

const mark = 0x6d_61_72_6b
const markAt = 4
const dataBytes = 100
/** Of what is relayed (0xD8), before what is inside. */
const relayedHeader = 16
const relayedBits = 8 * (8 + relayedHeader + markAt)

/** @returns reads how many pings have arrived at the site's host */
export async function watchDelivered(lab: Lab, site: string): Promise<() => Promise<number>> {
  return count(lab, `${site}-host`, 'input', 'icmp type echo-request')
}

/** @returns reads how many marked datagrams the hub has sent on to a branch */
export async function watchForwarded(lab: Lab): Promise<() => Promise<number>> {
  const isMarked = `@th,${relayedBits},32 ${mark}`
  const match = `iifname hub oifname { left, right } @th,64,8 0xd8 ${isMarked}`
  return count(lab, 'internet', 'forward', match)
}

/** Looks like data that is sealed; no key opens it. */
export function markedData(): Buffer {
  const data = Buffer.concat([Buffer.of(0xd1), randomBytes(dataBytes - 1)])
  data.writeUInt32BE(mark, markAt)
  return data
}

/** As if the hub sent such a thing on to right after all. */
export async function sendAsIfForwarded(lab: Lab): Promise<void> {
  const { wan } = lab.sites.find(({ name }) => name === 'right')!
  const datagram = Buffer.concat([Buffer.alloc(relayedHeader, 0xd8), markedData()])
  const script = `const socket = require('node:dgram').createSocket('udp4')
    const datagram = Buffer.from('${datagram.toString('hex')}', 'hex')
    socket.send(datagram, 9, '${bare(wan.address)}', () => socket.close())`
  await lab.exec('hub', [process.execPath, '-e', script])
}

/** A line for each session that a box has ever had, by peer and number. */
export async function sessionsOf(lab: Lab, site: string): Promise<string[]> {
  const socketPath = `/run/causeway/${lab.names.instance(site)}/api.sock`
  const { sessions } = JSON.parse(await askApi(socketPath, '/api/v1/sessions')) as SessionsAnswer
  return sessions.flatMap(({ peer, handshakes }) =>
    Array.from({ length: handshakes }, (_, number) => `${peer} ${number}`),
  )
}

async function count(
  lab: Lab,
  where: string,
  hook: 'input' | 'forward',
  match: string,
): Promise<() => Promise<number>> {
  const lines = [
    'table ip got-through {',
    'counter it {}',
    'chain count {',
    `type filter hook ${hook} priority -150`,
    `${match} counter name it`,
    '}',
    '}',
  ]
  await lab.exec(where, ['nft', '-f', '-'], { input: `${lines.join('\n')}\n` })
  return async () => {
    const argv = ['nft', 'list', 'counters', 'table', 'ip', 'got-through']
    return Number(/packets (\d+)/.exec(await lab.exec(where, argv))![1])
  }
}
