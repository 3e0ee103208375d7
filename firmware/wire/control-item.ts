/**
 * The kinds of control items and their values: one table from number to codec. Pure. Framing is control.ts.
 * wire.md, the table below "Control". Numbers are big-endian; fields called zero are sent as zero and not read.
 */

import {
  type Candidates,
  candidatesSize,
  fitsCandidates,
  readCandidates,
  writeCandidates,
} from './candidate.ts'
import { exactly } from './item-length.ts'
import {
  fitsPathReport,
  type PathReport,
  pathReportSize,
  readPathReport,
  writePathReport,
} from './path-report.ts'
import { type SpeedItem, speedCodecs } from './speed.ts'

export const maxPartBytes = 1_000
export const maxParts = 4

export const closeReason = { restart: 1, removed: 2, limit: 3 } as const
/** In `relay-close`, from a relay: of whatever it answered before, all that was no is to be asked again. */
export const anyChannel = 0
export const relayStatus = { open: 0, refused: 1, absent: 2, full: 3 } as const

export type ControlItem =
  | { readonly type: 'padding'; readonly bytes: number }
  | { readonly type: 'probe'; readonly id: number }
  | {
      readonly type: 'probe-reply'
      readonly id: number
      readonly receiveTimeUs: number
      readonly heldUs: number
    }
  | PathReport
  | {
      readonly type: 'path-add'
      readonly path: number
      readonly ownUplink: number
      readonly yourUplink: number
      readonly isRelayed: boolean
      readonly isMetered: boolean
      readonly isBackup: boolean
      /** The sender has this address of the other end from its configuration: no NAT needs to be kept open for it. */
      readonly isNamed: boolean
    }
  | { readonly type: 'path-remove'; readonly path: number; readonly reason: number }
  | { readonly type: 'path-challenge'; readonly data: Uint8Array }
  | { readonly type: 'path-response'; readonly data: Uint8Array }
  | { readonly type: 'mtu-probe'; readonly id: number; readonly payloadBytes: number }
  | { readonly type: 'mtu-ack'; readonly id: number; readonly payloadBytes: number }
  | HandshakePart
  | { readonly type: 'close'; readonly reason: number }
  | { readonly type: 'relay-open'; readonly deviceId: Uint8Array }
  | {
      readonly type: 'relay-channel'
      readonly channel: number
      readonly status: number
      readonly deviceId: Uint8Array
    }
  | { readonly type: 'relay-close'; readonly channel: number }
  | Candidates
  | SpeedItem
  | {
      readonly type: 'call-back'
      /** 0: answer now, as a probe. Else that answer is sent then, by the way that this came. */
      readonly afterSeconds: number
      readonly id: number
    }

/** One of at most four parts of a handshake message; parts count from 0. */
export interface HandshakePart {
  readonly type: 'handshake-part'
  readonly id: number
  readonly part: number
  readonly parts: number
  readonly data: Uint8Array
}

export type ItemType = ControlItem['type']
export type Item<K extends ItemType> = Extract<ControlItem, { readonly type: K }>

/** One kind of item: its number, the lengths its value may have, and both directions of its value. */
export interface ItemCodec<K extends ItemType> {
  readonly code: number
  readonly fits: (length: number) => boolean
  /** Only called with a value whose length fits; null for a value that no sender may send. */
  readonly read: (value: Buffer) => Item<K> | null
  readonly size: (item: Item<K>) => number
  /** Fills a zeroed value. @throws RangeError for numbers that do not fit their field */
  readonly write: (item: Item<K>, value: Buffer) => void
}

export const itemCodecs: { readonly [K in ItemType]: ItemCodec<K> } = {
  padding: {
    code: 0x00,
    fits: () => true,
    read: (value) => ({ type: 'padding', bytes: value.length }),
    size: (item) => item.bytes,
    write: () => undefined,
  },
  probe: {
    code: 0x01,
    ...exactly(4),
    read: (value) => ({ type: 'probe', id: value.readUInt32BE(0) }),
    write: (item, value) => value.writeUInt32BE(item.id, 0),
  },
  'probe-reply': {
    code: 0x02,
    ...exactly(12),
    read: (value) => ({
      type: 'probe-reply',
      id: value.readUInt32BE(0),
      receiveTimeUs: value.readUInt32BE(4),
      heldUs: value.readUInt32BE(8),
    }),
    write: (item, value) => {
      value.writeUInt32BE(item.id, 0)
      value.writeUInt32BE(item.receiveTimeUs, 4)
      value.writeUInt32BE(item.heldUs, 8)
    },
  },
  'path-report': {
    code: 0x03,
    fits: fitsPathReport,
    read: readPathReport,
    size: pathReportSize,
    write: writePathReport,
  },
  'path-add': {
    code: 0x04,
    ...exactly(8),
    read: (value) => ({
      type: 'path-add',
      path: value[0]!,
      ownUplink: value[1]!,
      yourUplink: value[2]!,
      isRelayed: value[3] !== 0,
      isMetered: (value[7]! & pathFlag.metered) !== 0,
      isBackup: (value[7]! & pathFlag.backup) !== 0,
      isNamed: (value[7]! & pathFlag.named) !== 0,
    }),
    write: (item, value) => {
      value.writeUInt8(item.path, 0)
      value.writeUInt8(item.ownUplink, 1)
      value.writeUInt8(item.yourUplink, 2)
      value.writeUInt8(item.isRelayed ? 1 : 0, 3)
      const metered = item.isMetered ? pathFlag.metered : 0
      const named = item.isNamed ? pathFlag.named : 0
      value.writeUInt32BE(metered | named | (item.isBackup ? pathFlag.backup : 0), 4)
    },
  },
  'path-remove': {
    code: 0x05,
    ...exactly(4),
    read: (value) => ({ type: 'path-remove', path: value[0]!, reason: value[1]! }),
    write: (item, value) => {
      value.writeUInt8(item.path, 0)
      value.writeUInt8(item.reason, 1)
    },
  },
  'path-challenge': {
    code: 0x06,
    ...exactly(8),
    read: (value) => ({ type: 'path-challenge', data: value }),
    write: writeEcho,
  },
  'path-response': {
    code: 0x07,
    ...exactly(8),
    read: (value) => ({ type: 'path-response', data: value }),
    write: writeEcho,
  },
  'mtu-probe': {
    code: 0x08,
    ...exactly(8),
    read: (value) => ({ type: 'mtu-probe', ...readMtu(value) }),
    write: writeMtu,
  },
  'mtu-ack': {
    code: 0x09,
    ...exactly(8),
    read: (value) => ({ type: 'mtu-ack', ...readMtu(value) }),
    write: writeMtu,
  },
  'handshake-part': {
    code: 0x0a,
    fits: (length) => length > 4 && length <= 4 + maxPartBytes,
    read: readPart,
    size: (item) => 4 + item.data.length,
    write: writePart,
  },
  close: {
    code: 0x0b,
    ...exactly(4),
    read: (value) => ({ type: 'close', reason: value[0]! }),
    write: (item, value) => value.writeUInt8(item.reason, 0),
  },
  'relay-open': {
    code: 0x0c,
    ...exactly(32),
    read: (value) => ({ type: 'relay-open', deviceId: value }),
    write: (item, value) => writeExactly(value, item.deviceId),
  },
  'relay-channel': {
    code: 0x0d,
    ...exactly(40),
    read: (value) => ({
      type: 'relay-channel',
      channel: value.readUInt32BE(0),
      status: value[4]!,
      deviceId: value.subarray(8),
    }),
    write: (item, value) => {
      value.writeUInt32BE(item.channel, 0)
      value.writeUInt8(item.status, 4)
      writeExactly(value.subarray(8), item.deviceId)
    },
  },
  'relay-close': {
    code: 0x0e,
    ...exactly(4),
    read: (value) => ({ type: 'relay-close', channel: value.readUInt32BE(0) }),
    write: (item, value) => value.writeUInt32BE(item.channel, 0),
  },
  candidates: {
    code: 0x10,
    fits: fitsCandidates,
    read: readCandidates,
    size: candidatesSize,
    write: writeCandidates,
  },
  'call-back': {
    code: 0x11,
    ...exactly(8),
    read: (value) => ({
      type: 'call-back',
      afterSeconds: value.readUInt16BE(0),
      id: value.readUInt32BE(4),
    }),
    write: (item, value) => {
      value.writeUInt16BE(item.afterSeconds, 0)
      value.writeUInt32BE(item.id, 4)
    },
  },
  ...speedCodecs,
}

const pathFlag = { metered: 1, backup: 2, named: 4 }

function readPart(value: Buffer): HandshakePart | null {
  const part = value[2]!
  const parts = value[3]!
  if (parts > maxParts || part >= parts) return null
  return {
    type: 'handshake-part',
    id: value.readUInt16BE(0),
    part,
    parts,
    data: value.subarray(4),
  }
}

function writePart(item: HandshakePart, value: Buffer): void {
  if (item.parts > maxParts || item.part >= item.parts) throw new RangeError('part out of range')
  value.writeUInt16BE(item.id, 0)
  value.writeUInt8(item.part, 2)
  value.writeUInt8(item.parts, 3)
  value.set(item.data, 4)
}

function writeEcho(item: Item<'path-challenge' | 'path-response'>, value: Buffer): void {
  writeExactly(value, item.data)
}

function readMtu(value: Buffer): { readonly id: number; readonly payloadBytes: number } {
  return { id: value.readUInt32BE(0), payloadBytes: value.readUInt16BE(4) }
}

function writeMtu(item: Item<'mtu-probe' | 'mtu-ack'>, value: Buffer): void {
  value.writeUInt32BE(item.id, 0)
  value.writeUInt16BE(item.payloadBytes, 4)
}

function writeExactly(value: Buffer, data: Uint8Array): void {
  if (data.length !== value.length) throw new RangeError('wrong number of bytes')
  value.set(data)
}
