/**
 * The port to the kernel's network set-up: links, addresses, routes, rules, switches, firewall. Behind it stand
 * linux.ts (iproute2, ethtool, nftables, /proc) and fake.ts (tests). What to set is decided in plan/.
 */
import type {
  HostReading,
  HostState,
  NicFacts,
  NicLink,
  Step,
  TwinState,
} from '../../model/host-state.ts'

export interface Net {
  /**
   * Keeps every other gateway off the own network namespace, where they would undo each other's work, for as long
   * as the claim is held. @throws HOST_IN_USE
   */
  claim(): Promise<AsyncDisposable>
  /** The machine's NICs, those already in the NIC namespace included. */
  nics(netns: string): Promise<NicFacts[]>
  /** The same as people look at them, and TAPs beside them: `isTap`. @throws HOST_COMMAND_FAILED, HOST_COMMAND_TIMEOUT, HOST_SYSTEM */
  nicLinks(netns: string): Promise<NicLink[]>
  /** What the machine looks like, as far as `want` speaks of it. */
  read(want: HostState, signal?: AbortSignal): Promise<HostReading>
  /** In order; stops at the first that fails. @throws HOST_COMMAND_FAILED, HOST_COMMAND_TIMEOUT */
  apply(steps: readonly Step[], signal?: AbortSignal): Promise<void>
  /** Keeps the carrier of these twins, and of no others, while no datapath runs. @throws HOST_SYSTEM */
  hold(twins: readonly Pick<TwinState, 'name' | 'kind'>[]): void
}
