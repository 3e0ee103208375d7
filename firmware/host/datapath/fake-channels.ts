/** The channels of a relay as the fake datapath keeps them: the same refusals as native/dataplane/table/channel.c's. */
import type {
  ChannelCounters,
  ChannelEnd,
  ChannelProgram,
  ChannelTraffic,
} from '../../model/traversal-program.ts'

const channelsMost = 64
const noTraffic = { packets: 0, bytes: 0, limitedPackets: 0, limitedBytes: 0 }

export interface FakeChannels {
  /** Why it is refused; null: it is open. @param names of the peers that there are */
  open(channel: ChannelProgram, names: readonly string[]): string | null
  /** False: there is none of that number. */
  close(end: ChannelEnd): boolean
  /** All ends of all channels that the peer had. */
  clear(peer: string): ChannelEnd[]
  /** Where what came by this one goes; null: there is none of that number. */
  across(end: ChannelEnd): ChannelEnd | null
  list(): readonly ChannelProgram[]
  /** What came from these so far; nothing, where nothing was said. */
  counters(): ChannelCounters[]
  setTraffic(end: ChannelEnd, traffic: ChannelTraffic): void
}

export function fakeChannels(): FakeChannels {
  const open: ChannelProgram[] = []
  const traffic = new Map<string, ChannelTraffic>()
  const nameOf = ({ peer, channel }: ChannelEnd): string => `${peer} ${channel}`
  const endsOf = ({ peer, channel, to, toChannel }: ChannelProgram): readonly ChannelEnd[] => [
    { peer, channel },
    { peer: to, channel: toChannel },
  ]
  const isOf = (end: ChannelEnd) => (other: ChannelEnd) =>
    other.peer === end.peer && other.channel === end.channel
  const find = (end: ChannelEnd): number =>
    open.findIndex((channel) => endsOf(channel).some(isOf(end)))
  const countOf = (peer: string): number =>
    open.flatMap(endsOf).filter((end) => end.peer === peer).length

  return {
    open: (channel, names) => {
      const ends = endsOf(channel)
      if (channel.peer === channel.to) return 'to: the peer itself'
      if (ends.some(({ peer }) => !names.includes(peer))) return 'an unknown peer'
      if (ends.some((end) => find(end) >= 0)) return 'a number is taken'
      if (ends.some(({ peer }) => countOf(peer) >= channelsMost)) return 'too many'
      open.push(channel)
      return null
    },
    close: (end) => {
      const at = find(end)
      if (at >= 0) open.splice(at, 1)
      return at >= 0
    },
    clear: (peer) => {
      const own = open.filter((channel) => endsOf(channel).some((end) => end.peer === peer))
      for (const channel of own) open.splice(open.indexOf(channel), 1)
      return own.flatMap(endsOf)
    },
    across: (end) => {
      const ends = open[find(end)]
      return ends === undefined ? null : (endsOf(ends).find((other) => !isOf(end)(other)) ?? null)
    },
    list: () => [...open],
    counters: () =>
      open.map((channel) => {
        const [from, to] = endsOf(channel).map((end) => traffic.get(nameOf(end)) ?? noTraffic)
        return { ...channel, ageMs: 0, unusedMs: 0, fromPeer: from!, fromTo: to! }
      }),
    setTraffic: (end, what) => void traffic.set(nameOf(end), what),
  }
}
