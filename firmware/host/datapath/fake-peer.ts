/**
 * The keypairs of one peer as the fake datapath keeps them: previous, current and next, probes, silence and hard
 * stop, by the rules of wire.md, "Rekey without loss" and "Limits". The C side's twin in behaviour, not in form.
 */
import { CausewayError } from '../../model/errors.ts'
import type { DatapathEvent, InstalledKeypair, Keypair, KeypairState } from '../../model/program.ts'
import { decodeItems, encodeItems } from '../../wire/control.ts'
import type { ControlItem } from '../../wire/control-item.ts'
import type { CancelTimer, Clock } from '../clock/clock.ts'

export const sealedType = { data: 0xd1, control: 0xd2, relayed: 0xd8 } as const

const probeMs = 1_000
const unconfirmedProbeMs = 250
const silentMs = 5_000
const wantedMs = 1_000

/** What the fake shares with its peers. */
export interface PeerPort {
  readonly clock: Clock
  readonly emit: (event: DatapathEvent) => void
  readonly transmit: (frame: Uint8Array, keypair: Keypair) => void
  readonly deliver: (peer: string, payload: Uint8Array) => void
  /** A datagram for a channel, or by one. */
  readonly relay: (peer: string, channel: number, datagram: Buffer) => void
}

interface Live {
  readonly keypair: Keypair
  readonly installedMs: number
  readonly seen: Set<number>
  readonly stop: CancelTimer
  isConfirmed: boolean
  counter: number
}

/** Why a frame was not opened; null if it was. */
export type OpenFailure = 'index' | 'tag' | 'replay' | null

export interface FakePeer {
  install(keypair: Keypair): void
  retire(localIndex: number): void
  /** @throws SESSION_NO_KEYPAIR unless the index is `current` */
  sendControl(localIndex: number, items: Uint8Array): void
  /** Seals data under `current`; false, and a `wanted` event, without one. */
  sendData(payload: Uint8Array): boolean
  /** Nothing leaves without a session. */
  sendRelayed(channel: number, datagram: Uint8Array): void
  receive(frame: Buffer): OpenFailure
  keypairs(): InstalledKeypair[]
  isUsed(): void
  has(localIndex: number): boolean
  stop(): void
}

export function fakePeer(name: string, port: PeerPort): FakePeer {
  const { clock, emit } = port
  const live: Record<KeypairState, Live | null> = { previous: null, current: null, next: null }
  let probeTimer: CancelTimer | null = null
  let unansweredMs: number | null = null
  let wantedAtMs = Number.NEGATIVE_INFINITY
  let probeId = 0

  const find = (localIndex: number): KeypairState | null =>
    states.find((state) => live[state]?.keypair.localIndex === localIndex) ?? null

  const erase = (state: KeypairState): void => {
    const item = live[state]
    if (item === null) return
    item.stop()
    live[state] = null
    emit({ kind: 'erased', peer: name, localIndex: item.keypair.localIndex })
  }
  const seal = (type: number, payload: Uint8Array): void => {
    const { keypair } = live.current!
    const head = Buffer.alloc(16)
    head[0] = type
    head.writeUInt32BE(keypair.remoteIndex, 4)
    head.writeUInt32BE(++live.current!.counter, 8)
    fingerprint(keypair.seal.key).copy(head, 12)
    port.transmit(Buffer.concat([head, payload]), keypair)
  }
  const probe = (): void => {
    probeTimer?.()
    probeTimer = null
    if (live.current === null) return
    const nowMs = clock.nowMs()
    if (unansweredMs === null) unansweredMs = nowMs
    else if (nowMs - unansweredMs >= silentMs) {
      unansweredMs = nowMs
      emit({ kind: 'silent', peer: name, localIndex: live.current.keypair.localIndex })
    }
    seal(sealedType.control, encodeItems([{ type: 'probe', id: ++probeId }]))
    probeTimer = clock.after(live.current.isConfirmed ? probeMs : unconfirmedProbeMs, probe)
  }
  const makeCurrent = (item: Live): void => {
    erase('previous')
    live.previous = live.current
    live.current = item
    unansweredMs = null
    probe()
  }
  const confirm = (state: KeypairState): void => {
    const item = live[state]!
    if (state === 'previous' || item.isConfirmed) return
    item.isConfirmed = true
    if (state === 'next') {
      live.next = null
      makeCurrent(item)
    }
    emit({ kind: 'confirmed', peer: name, localIndex: item.keypair.localIndex })
  }
  const onItem = (item: ControlItem, localIndex: number): void => {
    if (item.type === 'probe' && live.current !== null) {
      const reply = { type: 'probe-reply', id: item.id, receiveTimeUs: 0, heldUs: 0 } as const
      seal(sealedType.control, encodeItems([reply]))
    } else if (item.type === 'probe-reply') unansweredMs = null
    else if (forGateway.has(item.type)) {
      emit({ kind: 'control', peer: name, localIndex, items: encodeItems([item]) })
    }
  }

  return {
    install: (keypair) => {
      const { localIndex, lifetimeMs } = keypair
      const stop = clock.after(lifetimeMs, () => erase(find(localIndex)!))
      const installedMs = clock.nowMs()
      const item = { keypair, installedMs, seen: new Set<number>(), stop, isConfirmed: false }
      if (keypair.role === 'initiator') makeCurrent({ ...item, counter: 0 })
      else {
        erase('next')
        live.next = { ...item, counter: 0 }
      }
    },
    retire: (localIndex) => {
      const state = find(localIndex)
      if (state !== null) erase(state)
    },
    sendControl: (localIndex, items) => {
      if (live.current?.keypair.localIndex !== localIndex) {
        throw new CausewayError('SESSION_NO_KEYPAIR', 'the keypair is not current')
      }
      seal(sealedType.control, items)
    },
    sendData: (payload) => {
      if (live.current !== null) {
        seal(sealedType.data, payload)
        return true
      }
      if (clock.nowMs() - wantedAtMs >= wantedMs) {
        wantedAtMs = clock.nowMs()
        emit({ kind: 'wanted', peer: name })
      }
      return false
    },
    sendRelayed: (channel, datagram) => {
      if (live.current === null) return
      const head = Buffer.alloc(4)
      head.writeUInt32BE(channel)
      seal(sealedType.relayed, Buffer.concat([head, datagram]))
    },
    receive: (frame) => {
      const localIndex = frame.readUInt32BE(4)
      const state = find(localIndex)
      if (state === null) return 'index'
      const { keypair, seen } = live[state]!
      if (!fingerprint(keypair.open.key).equals(frame.subarray(12, 16))) return 'tag'
      const counter = frame.readUInt32BE(8)
      if (seen.has(counter)) return 'replay'
      seen.add(counter)
      confirm(state)
      const payload = frame.subarray(16)
      if (frame[0] === sealedType.data) port.deliver(name, payload)
      else if (frame[0] === sealedType.relayed) {
        port.relay(name, payload.readUInt32BE(0), payload.subarray(4))
      } else for (const item of decodeItems(payload)) onItem(item, localIndex)
      return null
    },
    keypairs: () => states.flatMap((state) => describe(live[state], state, clock.nowMs())),
    isUsed: () => {
      if (live.current === null) return
      emit({ kind: 'used', peer: name, localIndex: live.current.keypair.localIndex })
    },
    has: (localIndex) => find(localIndex) !== null,
    stop: () => {
      probeTimer?.()
      for (const state of states) live[state]?.stop()
      Object.assign(live, { previous: null, current: null, next: null })
    },
  }
}

const states: readonly KeypairState[] = ['previous', 'current', 'next']

const forGateway: ReadonlySet<ControlItem['type']> = new Set([
  'path-add',
  'path-remove',
  'handshake-part',
  'close',
  'relay-open',
  'relay-channel',
  'relay-close',
  'candidates',
])

/** Stands for a tag: whoever has the key, and nobody else in a test, gets it right. */
function fingerprint(key: Uint8Array): Buffer {
  return Buffer.from(key.subarray(0, 4))
}

function describe(item: Live | null, state: KeypairState, nowMs: number): InstalledKeypair[] {
  if (item === null) return []
  const { keypair } = item
  return [
    {
      peer: keypair.peer,
      localIndex: keypair.localIndex,
      remoteIndex: keypair.remoteIndex,
      state,
      role: keypair.role,
      origin: keypair.origin,
      isConfirmed: item.isConfirmed,
      ageMs: nowMs - item.installedMs,
      remoteAddress: keypair.remoteAddress,
      remotePort: keypair.remotePort,
      uplink: keypair.uplink,
      chain: Uint8Array.from(keypair.chain),
      h: Uint8Array.from(keypair.h),
    },
  ]
}
