/**
 * The control items 0x12 to 0x14, by which two boxes agree on a speed test and end it. Pure. wire.md, "Control".
 *
 *   speed-open:   0 id u32 | 4 vni u32 | 8 seconds each way u16 | 10 zero u16 | 12 the asker's address there 16
 *   speed-answer: 0 id u32 | 4 status u8 | 5 zero u8 | 6 TCP port u16 | 8 address 16
 *   speed-close:  0 id u32
 */
import { ipBytes, ipText } from './ip.ts'
import { exactly } from './item-length.ts'

/** Of a test that somebody was asked for. The numbers are the wire's, and stay. */
export const speedStatus = {
  /** It listens, for so long as was asked for and a little more. */
  agreed: 0,
  /** Another test is under way there. */
  busy: 1,
  /** This peer had one a moment ago. */
  often: 2,
  /** It has no address of that family in that segment, or does not know the asker's there. */
  nowhere: 3,
  /** It has not got the program. */
  absent: 4,
  /** The program does not listen, or nobody would be let in. */
  failed: 5,
} as const

export interface SpeedOpen {
  readonly type: 'speed-open'
  /** Chosen by the asker; the same one again is the same test. */
  readonly id: number
  readonly vni: number
  readonly seconds: number
  readonly address: string
}

export interface SpeedAnswer {
  readonly type: 'speed-answer'
  readonly id: number
  /** One of `speedStatus`; of a later release another one. */
  readonly status: number
  /** 0 and `::` where it says no. */
  readonly port: number
  readonly address: string
}

export interface SpeedClose {
  readonly type: 'speed-close'
  readonly id: number
}

export type SpeedItem = SpeedOpen | SpeedAnswer | SpeedClose

export const speedCodecs = {
  'speed-open': {
    ...{ code: 0x12, ...exactly(28) },
    read: (value: Buffer): SpeedOpen => ({
      type: 'speed-open',
      id: value.readUInt32BE(0),
      vni: value.readUInt32BE(4),
      seconds: value.readUInt16BE(8),
      address: ipText(value.subarray(12, 28)),
    }),
    write: (item: SpeedOpen, value: Buffer): void => {
      value.writeUInt32BE(item.id, 0)
      value.writeUInt32BE(item.vni, 4)
      value.writeUInt16BE(item.seconds, 8)
      value.set(ipBytes(item.address), 12)
    },
  },
  'speed-answer': {
    ...{ code: 0x13, ...exactly(24) },
    read: (value: Buffer): SpeedAnswer => ({
      type: 'speed-answer',
      id: value.readUInt32BE(0),
      status: value[4]!,
      port: value.readUInt16BE(6),
      address: ipText(value.subarray(8, 24)),
    }),
    write: (item: SpeedAnswer, value: Buffer): void => {
      value.writeUInt32BE(item.id, 0)
      value.writeUInt8(item.status, 4)
      value.writeUInt16BE(item.port, 6)
      value.set(ipBytes(item.address), 8)
    },
  },
  'speed-close': {
    ...{ code: 0x14, ...exactly(4) },
    read: (value: Buffer): SpeedClose => ({ type: 'speed-close', id: value.readUInt32BE(0) }),
    write: (item: SpeedClose, value: Buffer): void => {
      value.writeUInt32BE(item.id, 0)
    },
  },
} as const
