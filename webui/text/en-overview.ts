/** What the overview says. */
import { duration, list, plural } from './format.ts'

export const overviewText = {
  well: 'All is well.',
  unheard: 'Not known: nothing is heard of the box.',
  heardLast: (sentence: string) => `When it was heard last: ${sentence}`,
  noSite: 'This box',
  blank: 'This box is not set up yet.',
  blankAbout: 'It needs an owner or a configuration of its own. That takes some minutes.',
  setUp: 'Set it up',
  up: (what: string, isOne: boolean, seconds: number) =>
    `${what} ${isOne ? 'is' : 'are'} up. Running for ${duration(seconds)}.`,
  ofAll: (some: number, all: number, noun: string) =>
    some === all ? plural(all, noun) : `${some} of ${plural(all, noun)}`,
  goesOn: (uplinks: readonly string[], peers: string) =>
    `Traffic goes on by ${list(uplinks)}: ${peers} reached.`,
  reached: (some: number, all: number) =>
    some === all ? `all ${plural(all, 'peer')} are` : `${some} of ${plural(all, 'peer')} are`,
  problems: 'What is wrong',
  map: {
    title: 'This site',
    uplinks: 'Uplinks',
    peers: 'Peers',
    more: (count: number) => `${plural(count, 'more peer')}`,
    noPeers: 'No peers yet',
    table: 'Paths from this box to each peer',
    columns: { peer: 'Peer', uplink: 'Uplink', state: 'State' },
    kinds: {
      used: 'in use',
      ready: 'ready, not in use',
      relayed: 'in use, through a relay',
      untried: 'not tried yet',
      down: 'down',
    },
  },
  uplink: {
    noCarrier: 'no carrier',
    rates: (rx: string, tx: string, between: string) => `↓ ${rx}${between}↑ ${tx}`,
  },
  peer: {
    hub: (name: string) => `${name} · hub`,
    by: (rtt: string, uplink: string) => `${rtt} by ${uplink}`,
    through: (rtt: string, relay: string) => `${rtt} through ${relay}`,
    connecting: 'connecting',
    unreached: 'no path carries packets',
    down: (seconds: number) => `not reached for ${duration(seconds)}`,
  },
  figures: {
    title: 'Traffic and quality',
    about: 'Quality is that of the way to other sites.',
    span: 'Time',
  },
  events: {
    title: 'What happened',
    none: 'Nothing yet',
    noneAbout: 'Since this box keeps a record.',
    more: 'Show more',
    times: (times: number, since: string) => `${times} times since ${since}`,
  },
} as const

export const figuresText = {
  spans: { minutes: '10 min', hour: '1 h', day: '24 h', week: '7 d', month: '30 d' },
  span: 'Time',
  throughput: 'Throughput',
  received: 'in',
  sent: 'out',
  latency: 'Latency',
  loss: 'Loss',
  jitter: 'Jitter',
} as const
