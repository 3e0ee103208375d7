/** What another tenant of the same controller, or a box that has turned on its owner, may try: each is coded, and in the log of whom it concerns. */
import { attemptEnrol } from '../../../firmware/gateway/enrol/attempt.ts'
import { openLink } from '../../../firmware/host/link/client.ts'
import { type EdgeMessage, linkPath } from '../../../firmware/model/control-link.ts'
import { main, network, office, siteOf } from '../../unit/plan/fleet-sample.ts'
import { type Attack, codeOf, listed, refusalOf } from './attack.ts'
import { askMs, stranger, type Target, tenant } from './target.ts'

const flood = 1_000

export const tenantAttacks: readonly Attack[] = [
  {
    title: "another tenant's admin names a box in a document of theirs",
    ...{ code: 'FLEET_BOX_FOREIGN', what: 'fleet.apply' },
    run: async (target) => {
      const device = await listed(target)
      await attemptEnrol(device)
      const site = siteOf('trap', { edge: device.key.deviceId })
      const body = { documents: [network, main, office, site], isWhole: true }
      return askedBy(target, 'admin', 'apply', body)
    },
  },
  {
    title: 'operator of another tenant takes a box that waits, without its code',
    ...{ code: 'ZTP_CODE_NEEDED', what: 'edge.claim' },
    run: async (target, fault) => {
      const shown = Promise.withResolvers<string>()
      const device = await target.device({ ownRoots: [], onCode: shown.resolve })
      attemptEnrol(device).catch(() => {})
      const code = await shown.promise
      const { devices } = (await target.askAs('operator', 'GET', '/api/v1/waiting')) as {
        readonly devices: readonly { readonly deviceId: string }[]
      }
      const [box] = devices
      const claim = { device: box!.deviceId, site: 'trap' }
      return askedBy(
        target,
        'operator',
        'claims',
        fault === 'told-code' ? { ...claim, code } : claim,
      )
    },
  },
  {
    title: 'released box comes back by its old certificate',
    ...{ code: 'ZTP_RELEASED', what: 'edge.link' },
    run: async (target) => {
      const { device, call } = await certified(target)
      const body = { device: device.key.deviceId }
      await target.ask('POST', `/api/v1/tenants/${tenant}/releases`, body)
      const { kinds, reason } = await call([])
      return kinds.join() === 'released' ? inLog(target, 'ZTP_RELEASED') : `${kinds} ${reason}`
    },
  },
  {
    title: "box asks for a certificate with another box's wire key",
    ...{ code: 'ZTP_WIRE_KEY_TAKEN', what: 'edge.certify' },
    run: async (target) => {
      const { device } = await certified(target)
      return refusalOf(await listed(target, { wireKey: device.wireKey }))
    },
  },
  {
    title: 'box that floods its controller',
    ...{ code: 'LINK_FLOODED', what: 'edge.link' },
    run: async (target, fault) => {
      const { call } = await certified(target)
      const count = fault === 'gentle-box' ? 3 : flood
      const { reason } = await call(
        Array.from({ length: count }, (_, revision) => {
          return { kind: 'refused', revision, code: 'CONFIG_INVALID', message: 'no' }
        }),
      )
      return reason === 'LINK_FLOODED' ? inLog(target, reason) : reason
    },
  },
]

async function askedBy(
  target: Target,
  role: 'admin' | 'operator',
  what: string,
  body: object,
): Promise<string | null> {
  const url = `/api/v1/tenants/${stranger}/${what}`
  return target.askAs(role, 'POST', url, body).then(() => null, codeOf)
}

/** A box with its certificate, which says hello and then all that it is given; until its link ends, or nothing more comes. */
async function certified(target: Target) {
  const device = await listed(target)
  const { authority, certificate } = await attemptEnrol(device)
  const key = device.key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const call = async (messages: readonly EdgeMessage[]) => {
    const link = await openLink({
      ...{ controller: target.at, path: linkPath, own: { key, certificate } },
      ...{ authorities: [authority], timeoutMs: askMs },
    })
    const kinds: string[] = []
    const ended = Promise.withResolvers<string>()
    link.onClose(({ reason }) => ended.resolve(reason))
    link.onMessage((text) => kinds.push((JSON.parse(text) as { readonly kind: string }).kind))
    const hello: EdgeMessage = { kind: 'hello', protocol: 1, firmware: '', revision: 0, tried: 0 }
    for (const message of [hello, ...messages]) link.send(JSON.stringify(message))
    const late = setTimeout(() => ended.resolve('the link stays'), askMs)
    const reason = await ended.promise
    clearTimeout(late)
    link.close(1_000, 'done')
    return { kinds, reason }
  }
  return { device, call }
}

/** What is said of boxes is written after they have been answered. */
async function inLog(target: Target, code: string): Promise<string | null> {
  for (let round = 0; round < 100; round++) {
    if ((await target.audit()).some((entry) => entry.code === code)) return code
    await new Promise((next) => setTimeout(next, 20))
  }
  return null
}
