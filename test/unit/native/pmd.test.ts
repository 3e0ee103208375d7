/**
 * A LAN on a device of DPDK's (AF_XDP over a veth): refused while the other end leaves work undone, and then a port like
 * any other: the host reaches the box through the twin, which has the device's MAC, and far away through the overlay.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import type { Counters } from '../../../firmware/model/program.ts'
import { geneve, open } from '../../vector/sealed.ts'
import {
  Bench,
  type Datagram,
  inner,
  packet,
  program,
  removeSpaces,
  setUpSpaces,
  spaces,
  vni,
} from './bench.ts'

const { box, host, nics } = spaces
const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' })
const inHost = (...args: string[]): string => ip('netns', 'exec', host, ...args)

before(() => {
  setUpSpaces()
  // In the datapath's own namespace, where AF_XDP looks for it, in place of the kernel's NIC.
  ip('-n', nics, 'link', 'del', 'eth0')
  ip(...`-n ${box} link add xdp0 type veth peer name eth netns ${host}`.split(' '))
  ip('-n', box, 'link', 'set', 'xdp0', 'up')
  ip('-n', host, 'link', 'set', 'eth', 'up')
  ip('-n', host, 'address', 'add', `${inner.host}/24`, 'dev', 'eth')
  ip('-n', host, 'route', 'add', 'default', 'via', '10.1.0.1')
})
after(removeSpaces)

const [lan, wan] = program.ports
const withPmd = {
  ...program,
  ports: [{ ...lan!, kind: 'pmd', nic: 'net_af_xdp0,iface=xdp0', nicNetns: '' }, wan!],
}

test('a LAN on a device: refused while the other end offloads, then a port like any other', async () => {
  await using bench = new Bench('aes-256-gcm', 'auto')
  await bench.ready()
  const { code, path, message } = await bench.refusal('load', withPmd)
  assert.deepEqual([code, path], ['DATAPATH_REFUSED', '/ports/0/nic'])
  assert.match(message, /ethtool -K END tx off/)
  inHost('ethtool', '-K', 'eth', 'tx', 'off', 'tso', 'off', 'gso', 'off')
  await bench.call('load', withPmd)
  await bench.call('install', bench.keypair)

  const macOf = (name: string): string =>
    JSON.parse(ip('-n', box, '-json', 'link', 'show', name))[0].address
  assert.equal(macOf('lan0'), macOf('xdp0'))
  for (const bytes of ['56', '1472']) inHost('ping', '-c2', '-i0.2', '-W2', '-s', bytes, '10.1.0.1')

  const hex = Buffer.from('out').toString('hex')
  bench.host.say({ address: inner.far, port: inner.port, hex })
  const { plaintext } = open(bench.keypair.suite, bench.keypair.seal, await bench.sealed())
  assert.equal(plaintext.subarray(8 + 28).toString(), 'out')
  bench.toBox(bench.seal(5, Buffer.concat([geneve(vni, 0x0800), packet('in')])))
  const came = await bench.host.hear<Datagram>()
  assert.equal(Buffer.from(came.hex, 'hex').toString(), 'in')

  const { ports, drops } = await bench.call<Counters>('counters')
  const port = ports.find(({ twin }) => twin === 'lan0')!
  assert.ok(port.isUp && !port.isGone && port.rxPackets >= 5 && port.txPackets >= 5)
  assert.deepEqual(
    Object.entries(drops).filter(([, count]) => count > 0),
    [],
  )
})
