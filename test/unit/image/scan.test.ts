/** The list of ports that may be reached, nmap's answer, and where the two differ; a partition table; a console's lines. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPartitions } from '../../image/partitions.ts'
import { declaredPorts, differences, parseDeclared, parseScan } from '../../image/scan.ts'
import { bareOf, Serial } from '../../image/serial.ts'

const list = `# a comment
wan udp 51820 silent  the overlay
lan tcp 443   answers the page
`

test('the declared ports: nothing of TCP from the Internet, and nothing that answers there', () => {
  const wan = declaredPorts().filter(({ zone }) => zone === 'wan')
  assert.deepEqual(
    wan.map(({ protocol, port, answers }) => [protocol, port, answers]),
    [['udp', 51820, false]],
  )
})

test('a line that is none is refused', () => {
  for (const line of ['wan tcp 22', 'dmz tcp 22 answers SSH', 'lan tcp ssh answers SSH']) {
    assert.throws(() => parseDeclared(line), /no line/, line)
  }
})

test('what is open and not declared is told, and what is declared and does not answer', () => {
  const declared = parseDeclared(list)
  const text =
    'Host: 10.1.0.1 ()\tPorts: 22/open/tcp//ssh///, 23/closed/tcp//telnet///, 53/open|filtered/udp//domain///'
  const seen = parseScan(text)
  assert.deepEqual(seen, [
    { protocol: 'tcp', port: 22, state: 'open' },
    { protocol: 'tcp', port: 23, state: 'closed' },
    { protocol: 'udp', port: 53, state: 'open|filtered' },
  ])
  assert.deepEqual(differences(declared, 'lan', 'tcp', seen), [
    'lan: tcp 22 is open and not declared',
    'lan: tcp 443 (the page) does not answer',
  ])
  // It says nothing to strangers.
  assert.deepEqual(differences(declared, 'wan', 'udp', seen), [])
})

test('partitions by name, place and length; what is no table is refused', () => {
  const head = Buffer.alloc(34 * 512)
  head.write('EFI PART', 512)
  head.writeBigUInt64LE(2n, 512 + 72)
  head.writeUInt32LE(128, 512 + 80)
  head.writeUInt32LE(128, 512 + 84)
  const at = 1024 + 128
  head.writeUInt8(1, at)
  head.writeBigUInt64LE(2048n, at + 32)
  head.writeBigUInt64LE(4095n, at + 40)
  head.write('slot-a', at + 56, 'utf16le')
  assert.deepEqual(readPartitions(head), [
    { name: 'slot-a', offset: 2048 * 512, bytes: 2048 * 512 },
  ])
  assert.throws(() => readPartitions(Buffer.alloc(34 * 512)), { code: 'LAB_INVALID' })
})

test('a console’s lines are bare, kept from a mark on, and waited for', async () => {
  assert.equal(bareOf('\x1b[2J\x1b[01;01Hslot A\x1b[0m  \r'), 'slot A')
  const serial = new Serial('a machine')
  serial.take('before')
  const { mark } = serial
  const waited = serial.waitFor(/^after/, 1_000, mark)
  serial.take('after all')
  assert.equal(await waited, 'after all')
  assert.equal(await serial.waitFor(/before/, 1_000), 'before')
  assert.deepEqual(serial.since(mark), ['after all'])
  await assert.rejects(serial.waitFor(/before/, 10, mark), { code: 'LAB_TIMEOUT' })
})
