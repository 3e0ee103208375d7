/**
 * IPv6 packets of 1280 bytes over a WAN of 1280: what C cuts into pieces TypeScript puts together again by
 * test/vector/sealed.ts alone, and what TypeScript cuts arrives whole at the LAN host.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import {
  cutIntoPieces,
  geneve,
  geneveWithPiece,
  open,
  type Piece,
  readPiece,
} from '../../vector/sealed.ts'
import {
  Bench,
  checksum,
  type Datagram,
  program,
  removeSpaces,
  setUpSpaces,
  spaces,
  vni,
} from './bench.ts'
import { Inside } from './lines.ts'

const wanMtu = 1280
const sealedOverhead = 68
const host = 'fd00:1::10'
const far = 'fd00:2::10'
const port = 4_000
/** A packet of the least MTU, 1280 bytes. */
const payloadBytes = 1232

const ip = (space: string, ...args: string[]): void =>
  void execFileSync('ip', ['-n', space, ...args], { stdio: 'pipe' })

before(() => {
  setUpSpaces()
  const unlock = ['netns', 'exec', spaces.box, 'sysctl', '-qw', 'net.ipv6.conf.lan0.disable_ipv6=0']
  execFileSync('ip', unlock)
  ip(spaces.box, 'address', 'add', 'fd00:1::1/64', 'dev', 'lan0', 'nodad')
  ip(spaces.host, 'address', 'add', `${host}/64`, 'dev', 'eth', 'nodad')
  ip(spaces.host, 'route', 'add', 'default', 'via', 'fd00:1::1', 'dev', 'eth')
  ip(spaces.nics, 'link', 'set', 'eth1', 'mtu', String(wanMtu))
})
after(removeSpaces)

const routes = [
  ...program.routes,
  { segment: 'office', prefix: 'fd00:2::/64', peer: 'far' },
] as const

const bytesOf = (address: string): Buffer => {
  const [head = '', tail = ''] = address.split('::')
  const words = [...head.split(':'), ...Array(5).fill('0'), ...tail.split(':')]
  return Buffer.concat(words.map((word) => Buffer.from(word.padStart(4, '0'), 'hex')))
}

/** An IPv6 UDP packet from the far host to the LAN host. */
function packet6(data: Buffer): Buffer {
  const udp = Buffer.alloc(8)
  udp.writeUInt16BE(port, 0)
  udp.writeUInt16BE(port, 2)
  udp.writeUInt16BE(8 + data.length, 4)
  const head = Buffer.from('6000000000001140', 'hex')
  head.writeUInt16BE(8 + data.length, 4)
  const addresses = Buffer.concat([bytesOf(far), bytesOf(host)])
  const pseudo = Buffer.from([0, 0, ...udp.subarray(4, 6), 0, 0, 0, 17])
  udp.writeUInt16BE(checksum(Buffer.concat([addresses, pseudo, udp, data])), 6)
  return Buffer.concat([head, addresses, udp, data])
}

async function start(bench: Bench): Promise<void> {
  await bench.ready()
  await bench.call('load', { ...program, routes })
  await bench.call('install', bench.keypair)
}

test('C cuts, TypeScript puts together', async () => {
  await using bench = new Bench('aes-256-gcm', 'auto')
  await start(bench)
  await using socket = new Inside(spaces.host, './inside-udp.ts', [host, String(port)])
  await socket.hear()
  const data = Buffer.from(Array.from({ length: payloadBytes }, (_, i) => (i * 7) & 0xff))
  for (let round = 0; round < 3; round++) {
    socket.say({ address: far, port, hex: data.toString('hex') })
    const pieces: Piece[] = []
    do {
      const sealed = await bench.sealed()
      assert.ok(sealed.length + 28 <= wanMtu)
      const { plaintext } = open('aes-256-gcm', bench.keypair.seal, sealed)
      pieces.push(readPiece(plaintext)!)
    } while (pieces.at(-1)!.hasMore)
    const of = { vni, protocolType: 0x86dd, id: pieces[0]!.id }
    const whole = Buffer.concat(pieces.map((piece) => piece.data))
    assert.deepEqual(pieces, cutIntoPieces(whole, wanMtu - sealedOverhead, of))
    assert.equal(whole.length, 1280)
    assert.deepEqual(
      [whole.subarray(8, 24), whole.subarray(24, 40), whole[7]],
      [bytesOf(host), bytesOf(far), 63],
    )
    assert.deepEqual(whole.subarray(48), data)
  }
  assert.deepEqual(await bench.drops(), {})
})

test('TypeScript cuts, C puts together', async () => {
  await using bench = new Bench('aes-256-gcm', 'auto')
  await start(bench)
  await using socket = new Inside(spaces.host, './inside-udp.ts', [host, String(port)])
  await socket.hear()
  const data = Buffer.alloc(payloadBytes, 'whole ')
  const pieces = cutIntoPieces(packet6(data), 600, { vni, protocolType: 0x86dd, id: 9 })
  assert.equal(pieces.length, 3)
  for (const [i, which] of [1, 2, 0].entries()) {
    bench.toBox(bench.seal(1 + i, geneveWithPiece(pieces[which]!)))
  }
  const came = await socket.hear<Datagram>()
  assert.deepEqual([came.hex, came.address], [data.toString('hex'), far])
  bench.toBox(bench.seal(9, Buffer.concat([geneve(vni, 0x86dd), packet6(Buffer.from('little'))])))
  assert.equal(Buffer.from((await socket.hear<Datagram>()).hex, 'hex').toString(), 'little')
  assert.deepEqual(await bench.drops(), {})
})
