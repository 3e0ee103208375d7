/** What the page about uplinks says. */
import { ago, bytes, plural, rate } from './format.ts'

export const uplinksText = {
  about: 'The ways of this site to the others and to the Internet.',
  choose: 'Uplinks',
  none: 'No uplinks',
  noneAbout: 'The configuration that runs names none.',
  states: {
    up: 'up',
    down: 'down',
    unknown: 'not known',
    noAddress: 'no address',
    useless: 'reaches nobody',
    blocked: 'UDP is blocked',
  },
  why: {
    down: 'It is down.',
    unknown: 'The datapath does not answer, so nobody looks at the link.',
    noAddress: 'It has a carrier, and nobody has lent it an address.',
    useless: 'It has a carrier and an address, and none of the peers answers by it.',
    blocked: 'Servers on the Internet were asked by UDP, and none answered.',
  },
  remedies: {
    unknown: 'Packets go on as long as that process does. It is tried again all the time.',
    blocked: 'Let UDP out in the firewall or router before this box.',
  },
  metered: 'metered',
  standby: 'standby',
  facts: {
    address: 'Address',
    gateway: 'Gateway',
    nic: 'NIC',
    now: 'Now',
    latency: 'Latency',
    loss: 'Loss',
    jitter: 'Jitter',
    mtu: 'Largest packet',
    mtuText: (least: number, most: number) =>
      least === most ? `${most} bytes` : `${least} to ${most} bytes, by path`,
    peers: 'Peers by it',
    peersText: (reached: number, all: number) => `${reached} of ${all}`,
  },
  nat: {
    title: 'Address translation',
    none: 'Not tested yet.',
    families: { 4: 'IPv4', 6: 'IPv6' },
    seen: 'Seen outside as',
    tested: (seconds: number, answered: number, asked: number) =>
      `Tested ${ago(seconds)}: ${answered} of ${plural(asked, 'server')} answered.`,
  },
  queue: {
    title: 'Queue by class',
    about: (bitsPerSecond: number, waiting: number) =>
      `Kept to ${rate(bitsPerSecond)}. ${bytes(waiting)} wait now.`,
    none: 'All is sent at once, since no rate is set for this uplink. Where the provider drops what is too much, set `up` a little below what the line carries: then calls go first.',
    down: 'Nothing is sent while it is down.',
    columns: {
      class: 'Class',
      rate: 'Sent now',
      share: 'Share',
      wait: 'Waited (95 %)',
      dropped: 'Dropped',
      waiting: 'Waiting',
    },
    shareOf: (name: string) => `Share of ${name}`,
    classes: { voice: 'Voice', business: 'Business', normal: 'Normal', bulk: 'Bulk' },
  },
  figures: 'Traffic and quality',
} as const
