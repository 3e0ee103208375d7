/**
 * A link between a box and its controller: texts both ways, each whole or not at all, in order, over one connection that both
 * ends know each other by. WebSocket (RFC 6455) over TLS 1.3 with certificates of both, by npm's `ws`.
 */

export interface Link {
  /**
   * Nothing happens once it is closed.
   * @throws LINK_SLOW `mostWaitingBytes` wait for the other end already
   */
  send(text: string): void
  /** Of what was sent and has not left yet. */
  readonly waitingBytes: number
  /** One listener each; messages that came before there was one are handed to it first. */
  onMessage(listener: (text: string) => void): void
  /** Once; at once when it is closed already. */
  onClose(listener: (reason: LinkEnd) => void): void
  /** @param code of RFC 6455 §7.4: 1000 done, 4000–4999 ours */
  close(code: number, reason: string): void
}

export interface LinkEnd {
  /** Of RFC 6455 §7.4; 1006: it broke. */
  readonly code: number
  readonly reason: string
}

/** Of one text. A configuration has 1 MiB, and is signed. */
export const mostTextBytes = 2 * 1024 * 1024
/** What waits for a slow other end. */
export const mostWaitingBytes = 4 * 1024 * 1024
/** Texts that came before anybody listened. */
export const mostEarly = 16
/** Each end asks so often whether the other is there, and gives it up after two askings without an answer. */
export const pingMs = 20_000
/** Closes a link whose other end keeps to nothing. */
export const closeCodes = {
  tooSlow: 4_000,
  replaced: 4_001,
  notTrusted: 4_003,
  misuse: 4_004,
} as const
