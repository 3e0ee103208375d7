/** What dnsmasq remembers and what ip and ethtool print, as the model has it. Strangers choose a part of the words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readNicLinks, readSpeed, speakersOf } from '../../../firmware/host/net/nic-links.ts'
import { hostLeasesOf } from '../../../firmware/host/service/host-lease.ts'

test('leases that hold, with the names that are names', () => {
  const text = [
    '1000 02:00:00:00:00:01 10.1.0.50 printer 01:02:00:00:00:00:01',
    '0 06-02:00:00:00:00:02 10.1.0.51 * *',
    '999 02:00:00:00:00:03 10.1.0.52 gone *',
    '1100 02:00:00:00:00:04 10.1.0.53 <script> *',
    '1100 02:00:00:00:00:05 10.1.0.999 bad *',
    '1100 nonsense 10.1.0.54 bad *',
    'duid 00:01:00:01',
    '1100 1234 fd00::5 six 00:01',
    '',
  ].join('\n')
  assert.deepEqual(hostLeasesOf(text, 999_500), [
    { address: '10.1.0.50', mac: '02:00:00:00:00:01', hostName: 'printer', expiresInMs: 500 },
    { address: '10.1.0.51', mac: '02:00:00:00:00:02', hostName: null, expiresInMs: null },
    { address: '10.1.0.53', mac: '02:00:00:00:00:04', hostName: null, expiresInMs: 100_500 },
  ])
  const many = Array.from({ length: 5000 }, () => '9999 02:00:00:00:00:01 10.1.0.50 a *').join('\n')
  assert.equal(hostLeasesOf(many, 0).length, 4096)
})

test('links that are NICs or TAPs, with a carrier where the kernel knows it', () => {
  const link = { address: '02:00:00:00:00:01', mtu: 1500, link_type: 'ether' }
  const links = [
    { ...link, ifname: 'lo', link_type: 'loopback', flags: ['UP', 'LOWER_UP'] },
    { ...link, ifname: 'enp1s0', flags: ['UP', 'LOWER_UP'], parentdev: '0000:01:00.0' },
    { ...link, ifname: 'enp2s0', flags: ['UP'], linkinfo: { info_kind: 'veth' } },
    { ...link, ifname: 'enp3s0', flags: [] },
    { ...link, ifname: 'wan0', flags: ['UP'], linkinfo: { info_kind: 'tun' } },
    { ...link, ifname: 'seg0', link_type: 'none', linkinfo: { info_kind: 'tun' } },
    { ...link, ifname: 'br0', flags: ['UP'], linkinfo: { info_kind: 'bridge' } },
  ]
  assert.deepEqual(
    readNicLinks(JSON.stringify(links)).map(({ name, hasCarrier, place, isTap }) => [
      name,
      hasCarrier,
      place,
      isTap,
    ]),
    [
      ['enp1s0', true, '0000:01:00.0', false],
      ['enp2s0', false, null, false],
      ['enp3s0', null, null, false],
      ['wan0', false, null, true],
    ],
  )
  assert.deepEqual(readNicLinks(''), [])
  assert.throws(() => readNicLinks('no JSON'), { code: 'HOST_SYSTEM' })
})

test('a speed that is said', () => {
  assert.equal(readSpeed('Settings for eth0:\n\tSpeed: 2500Mb/s\n\tDuplex: Full\n'), 2.5e9)
  assert.equal(readSpeed('Settings for eth0:\n\tSpeed: Unknown!\n'), null)
})

test('the speed is asked of NICs with a carrier, thirty-two at most; of no TAP', () => {
  const link = { mac: '02:00:00:00:00:01', mtuBytes: 1500, speedBps: null, place: null }
  const tap = { ...link, name: 'wan0', hasCarrier: true, isTap: true }
  const dark = { ...link, name: 'enp1s0', hasCarrier: false, isTap: false }
  const lit = Array.from({ length: 40 }, (_, at) => {
    return { ...link, name: `eth${at}`, hasCarrier: true, isTap: false }
  })
  assert.deepEqual([...speakersOf([tap, dark, ...lit])], lit.slice(0, 32))
})
