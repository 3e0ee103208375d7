/** A fleet's owner, and boxes that were claimed and enrolled over real TLS, which call as a test has them call. */

import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { attemptEnrol } from '../../../firmware/gateway/enrol/attempt.ts'
import { openLink } from '../../../firmware/host/link/client.ts'
import { openZtp } from '../../../firmware/host/link/ztp.ts'
import { openDeviceKey } from '../../../firmware/host/pki/device-key.ts'
import {
  type ControllerMessage,
  linkPath,
  readControllerMessage,
} from '../../../firmware/model/control-link.ts'
import { writeExample } from '../cli/ctl-example.ts'
import { folder, newWorld, type World } from '../cli/ctl-world.ts'

/** A world with a network, and a root that boxes have. */
export async function owned(name: string) {
  const world = await newWorld(name)
  const owner = await world.person('root', '*', 'owner')
  await owner.ctl('tenant', 'add', 'acme')
  await owner.ctl('apply', '-f', writeExample(`${name}-fleet`), '--yes')
  const key = join(owner.root, 'root.key')
  await owner.ctl('root', 'make', key)
  assert.equal((await owner.ctl('root', 'delegate', key)).code, 0)
  const root = await openDeviceKey(key)
  return { world, owner, root: root.publicKey }
}

/** A box that has been claimed ahead, with its certificate. */
export async function enrolled(world: World, root: CryptoKeyLike, name: string, claim: Claim) {
  const key = await openDeviceKey(join(folder, `box-${name}-${world.port}.key`))
  const claimed = await claim(key.deviceId)
  assert.deepEqual([claimed.code, claimed.err], [0, ''])
  const { publicKey } = generateKeyPairSync('x25519')
  const wireKey = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')
  const at = { host: '127.0.0.1', port: world.port }
  const { authority, certificate } = await attemptEnrol({
    ...{ key, wireKey, keeping: 'software', firmware: 'test', imageRoots: [], ownRoots: [root] },
    connect: (authorities) => openZtp({ controller: at, authorities, timeoutMs: 5_000 }),
    ...{ random: randomBytes, nowMs: Date.now, onCode: () => {}, isConfirmed: () => false },
    ...{ onPassedOver: () => {}, anewInMs: () => Infinity },
    pause: (ms) => new Promise((passed) => setTimeout(passed, ms)),
  })
  const pem = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const own = { key: pem, certificate }
  return {
    deviceId: key.deviceId,
    own,
    authority,
    /** Says hello, and gathers what comes until `isEnough` or the end. */
    async call(revision: number, isEnough: (message: ControllerMessage) => boolean) {
      const link = await openLink({
        ...{ controller: at, path: linkPath, own, authorities: [authority], timeoutMs: 5_000 },
      })
      const said: ControllerMessage[] = []
      const heard = Promise.withResolvers<void>()
      const ended = Promise.withResolvers<number>()
      link.onClose(({ code }) => {
        ended.resolve(code)
        heard.resolve()
      })
      link.onMessage((text) => {
        const message = readControllerMessage(text)
        if (message === null || message.kind === 'unknown') return
        said.push(message)
        if (isEnough(message)) heard.resolve()
      })
      link.send(
        JSON.stringify({ kind: 'hello', protocol: 1, firmware: 'test', revision, tried: revision }),
      )
      await heard.promise
      return { said, link, ended: ended.promise }
    },
  }
}

type CryptoKeyLike = Awaited<ReturnType<typeof openDeviceKey>>['publicKey']
type Claim = (deviceId: string) => Promise<{ readonly code: number; readonly err: string }>
