/**
 * The port to the packet-moving half of the box: few verbs, batches. Behind it stand `addon.ts` (the native
 * module in this process), `remote.ts` (the datapath process by its unix socket) and `fake.ts` (tests).
 */
import type { Explanation, FlowQuestion } from '../../model/explanation.ts'
import type {
  ControlSend,
  CookieSecrets,
  Counters,
  DatapathEvent,
  DatapathInfo,
  InstalledKeypair,
  Keypair,
  Program,
} from '../../model/program.ts'
import type { Queues } from '../../model/queue-counters.ts'
import type { TableFlow } from '../../model/table-flow.ts'
import type {
  ChannelCounters,
  ChannelEnd,
  ChannelProgram,
  RelaySend,
  SprayProgram,
  TryProgram,
} from '../../model/traversal-program.ts'

export interface Datapath extends AsyncDisposable {
  describe(): Promise<DatapathInfo>
  /** Replaces the running program, all or nothing. Sessions of peers that remain live on.
   *  @throws DATAPATH_REFUSED with `path` into the program */
  load(program: Program): Promise<void>
  /** Installs each keypair once; a second install of an index is refused (DATAPATH_REFUSED). */
  install(keypair: Keypair): Promise<void>
  /** Erases keypairs by local index; unknown ones are ignored. */
  retire(localIndices: readonly number[]): Promise<void>
  /** Seals items into control frames. @throws SESSION_NO_KEYPAIR unless the index is `current` */
  send(control: ControlSend): Promise<void>
  /** Good for 250 s: what strangers may ask the gateway is limited without, but nobody then has a cookie to show. */
  cookies(secrets: CookieSecrets): Promise<void>
  keypairs(): Promise<InstalledKeypair[]>
  counters(): Promise<Counters>
  /** What waits, for uplinks and for limits, which takes a call for each 128 peers for which something ever did. @throws DATAPATH_ errors */
  queues(): Promise<Queues>
  /**
   * Flows in the table that had a packet within `idleMs`, `most` at most and as they lie there: a call for each 128 of them, and
   * for each 4,096 places. @throws DATAPATH_ errors
   */
  flows(idleMs: number, most: number): Promise<TableFlow[]>
  /** What would become of a flow's next packet, and why. @throws DATAPATH_REFUSED, DATAPATH_BUSY before the first load */
  explain(ask: FlowQuestion): Promise<Explanation>
  /** @throws DATAPATH_REFUSED: a peer is not known, a number is taken, or a device has all that it may have */
  openChannel(channel: ChannelProgram): Promise<void>
  /** Both directions. @throws DATAPATH_REFUSED: there is none of that number */
  closeChannel(channel: ChannelEnd): Promise<void>
  /** All that are open, which takes a call for each 256. @throws DATAPATH_ errors */
  listChannels(): Promise<ChannelCounters[]>
  /** @throws SESSION_NO_KEYPAIR: no session with the relay, or no way to it; DATAPATH_REFUSED: the relay is not known */
  relay(send: RelaySend): Promise<void>
  /** Replaces what was tried of that peer before. @throws DATAPATH_REFUSED with `path` into the ways */
  try(program: TryProgram): Promise<void>
  /** Replaces the one that runs, whosever it is. @throws DATAPATH_REFUSED with `path` into the spray */
  spray(program: SprayProgram): Promise<void>
  /** Handlers run in order of arrival, never before the verb that caused them has returned to C. */
  onEvent(handler: (event: DatapathEvent) => void): void
  /** Called once when the other side is gone: "datapath died" is a normal event. */
  onClose(handler: (reason: string) => void): void
}
