/**
 * Both ends of the datapath's socket in one process, over an addon in memory, with the fault that argv names.
 * What it prints tells the outcome; a fault of ours is to end it.
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Addon } from '../../../firmware/host/datapath/addon.ts'
import { connectDatapath } from '../../../firmware/host/datapath/remote.ts'
import { serveAddon } from '../../../firmware/host/datapath/server.ts'
import { abi, recordSizes, verbs } from '../../../firmware/wire/datapath.ts'
import { encodeFrameHead } from '../../../firmware/wire/datapath-frame.ts'

const folder = await mkdtemp(join(tmpdir(), 'cwgw-'))
const path = join(folder, 'datapath.sock')
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const fault = process.argv[2]

/** As `struct cw_info`: no drop names. */
function description(): Buffer {
  const sizes = Object.values(recordSizes)
  const out = Buffer.alloc(recordSizes.info)
  out.writeUInt32LE(abi, 0)
  sizes.forEach((size, index) => {
    out.writeUInt32LE(size, 72 + 4 * index)
  })
  return out
}

function addonOf(onEvent: (emit: (bytes: Uint8Array) => void) => void): Addon {
  const callNow = (verb: number): { status: number; bytes: Uint8Array } => {
    if (fault === 'server-type-error' && verb === verbs.keypairs) throw new TypeError('planted')
    return { status: 0, bytes: verb === verbs.describe ? description() : new Uint8Array(0) }
  }
  return {
    callNow,
    call: async (verb) => callNow(verb),
    onEvent: (handler) => onEvent(handler),
    onClose: () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}

async function clientSendsGarbage(): Promise<void> {
  await using _ = await serveAddon(
    path,
    addonOf(() => {}),
  )
  const client = connect(path)
  await once(client, 'connect')
  client.write(Buffer.alloc(64))
  await once(client, 'close')
  await using datapath = await connectDatapath(path)
  say(`cut off, and then served: ABI ${(await datapath.describe()).abi === abi}`)
}

async function serverSendsGarbage(): Promise<void> {
  const server = createServer((socket) => {
    const payload = description()
    const head = { kind: verbs.describe, id: 1, status: 0, payload }
    socket.once('data', () => {
      socket.write(encodeFrameHead(head))
      socket.write(payload)
      // The next question gets no answer.
      socket.once('data', () => socket.write(Buffer.alloc(64)))
    })
  }).listen(path)
  await once(server, 'listening')
  const datapath = await connectDatapath(path)
  datapath.keypairs().catch(() => {})
  say(`closed: ${await new Promise<string>((resolve) => datapath.onClose(resolve))}`)
  server.close()
}

async function handlerFails(): Promise<void> {
  let emit: (bytes: Uint8Array) => void = () => {}
  await serveAddon(
    path,
    addonOf((handler) => {
      emit = handler
    }),
  )
  const datapath = await connectDatapath(path)
  datapath.onEvent(() => {
    throw new TypeError('planted')
  })
  datapath.onClose((reason) => say(`closed: ${reason}`))
  // `wanted`, with a peer without a name.
  const event = Buffer.alloc(recordSizes.event)
  event.writeUInt16LE(4, 0)
  emit(event)
}

async function verbFails(): Promise<void> {
  await serveAddon(
    path,
    addonOf(() => {}),
  )
  const datapath = await connectDatapath(path)
  datapath.onClose((reason) => say(`closed: ${reason}`))
  await datapath.keypairs().catch(() => say('refused'))
}

process.on('uncaughtException', async (error) => {
  say(`crashed: ${error.name}`)
  await rm(folder, { recursive: true, force: true })
  process.exit(1)
})
// A fault that ends nothing ends here, with 0.
const limit = setTimeout(() => process.exit(0), 3_000)
switch (fault) {
  case 'client-garbage':
    await clientSendsGarbage()
    break
  case 'server-garbage':
    await serverSendsGarbage()
    break
  case 'handler-type-error':
    await handlerFails()
    await new Promise(() => {})
    break
  default:
    await verbFails()
    await new Promise(() => {})
}
clearTimeout(limit)
await rm(folder, { recursive: true })
