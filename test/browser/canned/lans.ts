/** Canned answers about LANs and NICs. */
import type { LansAnswer, NicsAnswer } from '../../../firmware/model/local-api-lan.ts'
import type { Canned } from './canned.ts'

const hosts = [
  'printer',
  'anna-laptop',
  null,
  'door-phone',
  'tv',
  'nas',
  'scanner',
  'ben-phone',
  'kiosk',
]

const lans: LansAnswer = {
  lans: [
    {
      ...{ name: 'lan0', nic: 'netdev:enp2s0', vlan: null, segment: 'office', isUp: true },
      address: ['10.1.0.1/24', 'fd00:1::1/64'],
      throughput: { rxBitsPerSecond: 8.2e6, txBitsPerSecond: 41.7e6 },
      range: { from: '10.1.0.50', to: '10.1.0.99', size: 50 },
      leases: hosts.map((hostName, index) => ({
        address: `10.1.0.${50 + index}`,
        mac: `3c:52:82:00:1f:${String(10 + index)}`,
        hostName,
        dnsName: hostName === null ? null : `${hostName}.berlin.example.com`,
        expiresInSeconds: 4000 * (index + 1),
      })),
    },
    {
      ...{ name: 'cams', nic: 'netdev:enp2s0', vlan: 20, segment: 'cameras', isUp: true },
      address: ['10.1.20.1/24'],
      throughput: { rxBitsPerSecond: 3.1e6, txBitsPerSecond: 0.2e6 },
      ...{ range: null, leases: [] },
    },
  ],
  dns: { domain: 'berlin.example.com', servers: ['192.0.2.53', '198.51.100.53'], isLent: true },
}

const nic = (
  name: string,
  more: Partial<NicsAnswer['nics'][number]>,
): NicsAnswer['nics'][number] => ({
  ...{ nic: `netdev:${name}`, isPresent: true, mac: '02:fc:00:00:00:01', mtuBytes: 1500 },
  ...{ hasCarrier: true, speedBitsPerSecond: 1e9, place: null, ports: [], ...more },
})

const nics: NicsAnswer = {
  recovery: { nic: 'enp4s0', address: '192.168.127.1/24' },
  nics: [
    nic('enp1s0', { place: '0000:01:00.0', ports: [{ kind: 'uplink', name: 'wan0', vlan: null }] }),
    nic('enp2s0', {
      place: '0000:02:00.0',
      speedBitsPerSecond: 2.5e9,
      ports: [
        { kind: 'lan', name: 'lan0', vlan: null },
        { kind: 'lan', name: 'cams', vlan: 20 },
      ],
    }),
    nic('enp3s0', { place: '0000:03:00.0', hasCarrier: null, speedBitsPerSecond: null }),
    nic('enp4s0', { place: '0000:04:00.0', hasCarrier: false, speedBitsPerSecond: null }),
    nic('wwan0', {
      ...{
        speedBitsPerSecond: null,
        mac: null,
        mtuBytes: null,
        isPresent: false,
        hasCarrier: null,
      },
      ports: [{ kind: 'uplink', name: 'lte0', vlan: null }],
    }),
  ],
}

export const lanAnswers: Canned = {
  'GET /api/v1/lans': () => lans,
  'GET /api/v1/nics': () => nics,
}
