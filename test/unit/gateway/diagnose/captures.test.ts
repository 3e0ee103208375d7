/** Recordings: arguments made of fields, payloads cut off, limits kept, files gone in time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { filterText } from '../../../../firmware/gateway/diagnose/capture-filter.ts'
import { capturePlaceOf } from '../../../../firmware/gateway/diagnose/capture-place.ts'
import { Captures } from '../../../../firmware/gateway/diagnose/captures.ts'
import { virtualClock } from '../../../../firmware/host/clock/virtual.ts'
import { type FakeMachine, fakeMachine } from '../../../../firmware/host/diagnose/fake.ts'
import { follow } from '../../../../firmware/host/system/follow.ts'
import type { DeviceConfig } from '../../../../firmware/model/device-config.ts'
import { CausewayError } from '../../../../firmware/model/errors.ts'
import type { CaptureFilter } from '../../../../firmware/model/local-api-capture.ts'
import { sampleConfig } from '../../model/sample-config.ts'

const config = sampleConfig() as unknown as DeviceConfig
const place = capturePlaceOf({ lan: config.lans[0]!.name }, config, 'causeway-test')
const secret = 'the payload that nobody may see'

/** A pcap with `count` UDP datagrams over Ethernet, `secret` in each. */
function recording(count: number, linkType = 1): Buffer {
  const head = Buffer.alloc(24)
  head.writeUInt32LE(0xa1b2c3d4, 0)
  head.writeUInt32LE(262_144, 16)
  head.writeUInt32LE(linkType, 20)
  const headers =
    '0200000000010200000000020800' + '4500003b0000000040110000' + '0a010005' + '0a020005'
  const packet = Buffer.concat([
    Buffer.from(`${headers}c350003500270000`, 'hex'),
    Buffer.from(secret),
  ])
  const record = Buffer.alloc(16)
  record.writeUInt32LE(1_700_000_000, 0)
  record.writeUInt32LE(packet.length, 8)
  record.writeUInt32LE(packet.length, 12)
  return Buffer.concat([head, ...Array.from({ length: count }, () => [record, packet]).flat()])
}

const account = '3 packets captured\n3 packets received by filter\n1 packet dropped by kernel'

function open(machine: FakeMachine = fakeMachine()) {
  const clock = virtualClock()
  let number = 0
  const newId = (): string => String(++number).padStart(16, '0')
  const { tools, captureFiles: files } = machine
  const onFault = (error: unknown): never => assert.fail(String(error))
  return { clock, machine, captures: new Captures({ clock, tools, files, newId, onFault }) }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('each place is its NIC in its namespace, or a segment’s twin, and VLANs are told apart', () => {
  const [uplink] = config.uplinks
  const nic = (name: string) => name.split(':')[1]!
  assert.deepEqual(
    [place.device, place.netns, place.text],
    [nic(config.lans[0]!.nic), 'causeway-test', `LAN ${config.lans[0]!.name}`],
  )
  assert.match(capturePlaceOf({ uplink: uplink!.name }, config, 'n').note!, /sealed/)
  const segment = capturePlaceOf({ segment: 'office' }, config, 'n')
  assert.deepEqual([segment.device, segment.netns], ['seg-office', ''])
  const lans = [
    { ...config.lans[0]!, name: 'lan0', nic: 'netdev:eth7' },
    { ...config.lans[0]!, name: 'lan1', nic: 'netdev:eth7', vlan: 20 },
    { ...config.lans[0]!, name: 'lan2', nic: 'pmd:0000:01:00.0' },
  ]
  const of = (lan: string) => capturePlaceOf({ lan }, { ...config, lans }, 'n')
  assert.deepEqual([of('lan0').vlan, of('lan1').vlan, of('lan2').device], [null, 20, 'lan2'])
  assert.match(of('lan2').note!, /DPDK/)
  for (const request of [{}, { lan: 'lan0', segment: 'office' }, { lan: 'nosuch' }])
    assert.throws(() => capturePlaceOf(request, config, 'n'), { code: 'API_INVALID' })
})

test('a filter is made of fields', () => {
  for (const [filter, vlan, text] of [
    [{}, undefined, ''],
    [{ host: '10.1.0.10' }, undefined, 'host 10.1.0.10'],
    [
      { host: 'FD00::1', otherHost: '10.1.0.10', port: 443, protocol: 'tcp' },
      undefined,
      'host fd00::1 and host 10.1.0.10 and port 443 and tcp',
    ],
    [{ net: '10.1.2.3/16' }, undefined, 'net 10.1.0.0/16'],
    [{ protocol: 'icmp' }, 20, 'vlan 20 and ((icmp or icmp6))'],
    [{ protocol: 47 }, null, '((ip proto 47 or ip6 proto 47)) and not vlan'],
    [{}, 20, 'vlan 20'],
    [{}, null, 'not vlan'],
  ] as const)
    assert.equal(filterText(filter, vlan), text)
  for (const [filter, path] of [
    [{ host: 'www.example.com' }, '/filter/host'],
    [{ otherHost: '10.1.0.1 or port 22' }, '/filter/otherHost'],
    [{ net: '10.1.0.0' }, '/filter/net'],
    [{ port: 53, protocol: 'icmp' }, '/filter/port'],
  ] as const)
    assert.throws(() => filterText(filter), { code: 'API_INVALID', path })
})

test('whatever is typed, a filter holds nothing but our words and addresses', () => {
  const text = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6())
  const filter = fc.record({ host: text, otherHost: text, net: text }, { requiredKeys: [] })
  fc.assert(
    fc.property(filter, (typed) => {
      try {
        assert.match(filterText(typed as CaptureFilter), /^((host|net) [0-9a-f.:/]+( and )?)*$/)
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'API_INVALID')
      }
    }),
  )
})

test('payloads are cut off; whole packets only for whoever asked for them', async () => {
  const { machine, captures } = open()
  machine.tools.program = (_argv, { onData, netns }) => {
    assert.equal(netns, 'causeway-test')
    const file = recording(3)
    onData(file.subarray(0, 50))
    onData(file.subarray(50))
    return { code: 0, said: account }
  }
  const { id } = await captures.begin({ filter: { port: 53 } }, place, false)
  await settle()
  const { isDone, packets, lostPackets, bytes } = captures.show(id)
  assert.deepEqual([isDone, packets, lostPackets], [true, 3, 1])
  const file = await captures.file(id)
  assert.equal(file.length, bytes)
  assert.ok(!file.includes(secret.slice(0, 4)), 'a payload is in it')
  assert.ok(file.includes('0a0100050a020005', 0, 'hex'), 'headers are in it')
  const argv = machine.tools.calls[0]!.join(' ')
  assert.equal(
    argv,
    `tcpdump -i ${place.device} -n -p -U --immediate-mode -s 256 -B 4096 -w - -- port 53`,
  )
  const full = await captures.begin({}, place, true)
  await settle()
  assert.ok((await captures.file(full.id)).includes(secret))
})

test('a recording ends at its size, and is never larger', async () => {
  const { machine, captures } = open()
  machine.tools.program = async (_argv, { onData, signal }) => {
    for (let piece = 0; piece < 100 && !signal.aborted; piece++)
      onData(piece === 0 ? recording(100) : recording(100).subarray(24))
    assert.ok(signal.aborted, 'it goes on')
    return { code: null, said: account }
  }
  const { id } = await captures.begin({ bytes: 8_192 }, place, false)
  await settle()
  const { bytes, sentence } = captures.show(id)
  assert.ok(bytes > 7_000 && bytes <= 8_192, String(bytes))
  assert.match(sentence!, /as large as it may be/)
})

test('one runs at a time; what is told to stop stops; files go after ten minutes, and beyond three', async () => {
  const { machine, captures, clock } = open()
  machine.tools.program = (_argv, { onData, signal }) => {
    onData(recording(1))
    return new Promise((resolve) =>
      signal.addEventListener('abort', () => resolve({ code: null, said: account })),
    )
  }
  const { id } = await captures.begin({}, place, false)
  await assert.rejects(captures.begin({}, place, false), { code: 'API_BUSY' })
  await assert.rejects(captures.file(id), { code: 'API_BUSY' })
  captures.stop(id)
  await settle()
  assert.equal(captures.show(id).isDone, true)
  await clock.advance(10 * 60_000 + 1)
  assert.throws(() => captures.show(id), { code: 'API_NOT_FOUND' })
  assert.equal(machine.files.size, 0)
  machine.tools.program = () => ({ code: 0, said: account })
  for (let more = 0; more < 5; more++) {
    await captures.begin({}, place, false)
    await settle()
  }
  assert.equal(captures.list().length, 3)
  assert.equal(machine.files.size, 3)
})

test('what cannot be recorded says why, and no process is left that nobody ends', async () => {
  const { machine, captures } = open()
  machine.tools.program = () => ({ code: 1, said: 'tcpdump: eth9: No such device exists' })
  const none = await captures.begin({}, place, false)
  await settle()
  assert.match(captures.show(none.id).sentence!, /^Nothing could be recorded: .*No such device/)
  machine.tools.program = (_argv, { onData, signal }) => {
    onData(Buffer.alloc(24, 0x41))
    assert.ok(signal.aborted)
    return { code: null, said: '' }
  }
  const junk = await captures.begin({}, place, false)
  await settle()
  assert.match(captures.show(junk.id).sentence!, /^It failed: this is no recording/)
})

test('memory that is full ends a recording, and says so', async () => {
  const machine = fakeMachine()
  const octal = [...recording(1)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
  const script = `printf '${octal.join('')}'; exec sleep 60`
  machine.tools.follow = (_argv, { netns: _, ...following }) =>
    follow(['sh', '-c', script], following)
  machine.captureFiles.open = async () => ({
    write: () => {
      throw new CausewayError('STORE_WRITE_FAILED', 'there is no room')
    },
    close: () => {},
  })
  const { captures } = open(machine)
  const { id } = await captures.begin({}, place, false)
  while (!captures.show(id).isDone) await settle()
  assert.equal(captures.show(id).sentence, 'It failed: there is no room.')
})
