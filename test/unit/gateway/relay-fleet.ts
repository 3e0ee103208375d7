/** A device of so many peers, for tests of whom it asks relays for, how often, and in which order. Nothing here asserts. */
import { Channels } from '../../../firmware/gateway/relay/channels.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { relayStatus } from '../../../firmware/wire/control-item.ts'

export const named = (name: string) => ({ name, wireKey: Buffer.alloc(32, name) })

/** A device of so many peers, each asked for by its name; answers are the test's. */
export function fleet(count: number) {
  const peers = Array.from({ length: count }, (_, at) => ({ name: `p${at}`, wireKey: keyAt(at) }))
  const clock = virtualClock(0)
  const asked: { readonly atMs: number; readonly peer: string }[] = []
  const closed: number[] = []
  const open = new Map<string, number>()
  const channels = new Channels({
    clock,
    send: (_, item) => {
      if (item.type === 'relay-close') closed.push(item.channel)
      else {
        const name = `p${Buffer.from(item.deviceId).readUInt32BE(0)}`
        asked.push({ atMs: clock.nowMs(), peer: name })
      }
    },
    onChange: (peer, list) => open.set(peer, list.length),
  })
  channels.configure([named('hub-1')], peers)
  channels.onUp('hub-1')
  const answer = (at: number, channel: number, status: number = relayStatus.open): void =>
    channels.onChannel('hub-1', {
      ...{ type: 'relay-channel', channel, status, deviceId: keyAt(at) },
    })
  return { clock, channels, asked, closed, open, answer }
}

/** A relay that gives a device 64 channels answers all that was asked, and says who has one. */
export function relayOf({ asked, closed, answer }: ReturnType<typeof fleet>) {
  const has = new Map<number, string>()
  let [askedAt, closedAt, next] = [0, 0, 1]
  return (): ReadonlySet<string> => {
    for (let isBusy = true; isBusy; ) {
      for (; closedAt < closed.length; closedAt++) has.delete(closed[closedAt]!)
      isBusy = askedAt < asked.length
      if (!isBusy) break
      const { peer } = asked[askedAt++]!
      const number = Number(peer.slice(1))
      if (has.size >= 64) answer(number, 0, relayStatus.full)
      else {
        has.set(next, peer)
        answer(number, next++)
      }
    }
    return new Set(has.values())
  }
}

export function keyAt(at: number): Buffer {
  const key = Buffer.alloc(32)
  key.writeUInt32BE(at)
  return key
}
