/**
 * Every operating error that Causeway can report: one table, one class. Codes are API: they are never
 * renamed, and a caller may branch on them. Programmer errors are not here: they assert and crash.
 */

/** What each code means to a caller: the HTTP status of the API and whether a retry can help. */
export const errorTable = {
  CONFIG_INVALID: { http: 422, retry: false },
  CONFIG_SYNTAX: { http: 422, retry: false },
  CONFIG_UNREADABLE: { http: 500, retry: false },
  CONFIG_TOO_LARGE: { http: 413, retry: false },
  CONFIG_VERSION: { http: 422, retry: false },
  CONFIG_MISSING_FIELD: { http: 422, retry: false },
  CONFIG_UNKNOWN_FIELD: { http: 422, retry: false },
  CONFIG_UNSUPPORTED: { http: 422, retry: false },
  CONFIG_TOO_MANY: { http: 422, retry: false },
  CONFIG_NAME_RESERVED: { http: 422, retry: false },
  CONFIG_NAME_DUPLICATE: { http: 422, retry: false },
  CONFIG_TWIN_COLLISION: { http: 422, retry: false },
  CONFIG_PEER_SELF: { http: 422, retry: false },
  CONFIG_NIC_DUPLICATE: { http: 422, retry: false },
  CONFIG_QUEUES_INVALID: { http: 422, retry: false },
  CONFIG_VNI_DUPLICATE: { http: 422, retry: false },
  CONFIG_SEGMENT_UNKNOWN: { http: 422, retry: false },
  CONFIG_ADDRESS_INVALID: { http: 422, retry: false },
  CONFIG_ADDRESS_UNUSABLE: { http: 422, retry: false },
  CONFIG_ADDRESS_DUPLICATE: { http: 422, retry: false },
  CONFIG_GATEWAY_INVALID: { http: 422, retry: false },
  CONFIG_GATEWAY_UNREACHABLE: { http: 422, retry: false },
  CONFIG_GATEWAY_DHCP: { http: 422, retry: false },
  CONFIG_PREFIX_INVALID: { http: 422, retry: false },
  CONFIG_PREFIX_HOST_BITS: { http: 422, retry: false },
  CONFIG_PREFIX_UNUSABLE: { http: 422, retry: false },
  CONFIG_PREFIX_DUPLICATE: { http: 422, retry: false },
  CONFIG_TRANSIT: { http: 422, retry: false },
  CONFIG_PREFIX_OVERLAP: { http: 422, retry: false },
  CONFIG_WIRE_KEY_INVALID: { http: 422, retry: false },
  CONFIG_WIRE_KEY_DUPLICATE: { http: 422, retry: false },
  CONFIG_WIRE_KEY_OWN: { http: 422, retry: false },
  CONFIG_ENDPOINT_INVALID: { http: 422, retry: false },
  CONFIG_ENDPOINT_DUPLICATE: { http: 422, retry: false },
  CONFIG_ENDPOINT_INSIDE: { http: 422, retry: false },
  CONFIG_ENDPOINT_UNREACHABLE: { http: 422, retry: false },
  CONFIG_UPLINK_ASTRAY: { http: 422, retry: false },
  CONFIG_MTU_TOO_SMALL: { http: 422, retry: false },
  CONFIG_MTU_INVALID: { http: 422, retry: false },
  CONFIG_DHCP_INVALID: { http: 422, retry: false },
  CONFIG_DHCP_RANGE: { http: 422, retry: false },
  CONFIG_DHCP_LENGTH: { http: 422, retry: false },
  CONFIG_DNS_INVALID: { http: 422, retry: false },
  CONFIG_ACL_PREFIX: { http: 422, retry: false },
  CONFIG_ACL_FAMILY: { http: 422, retry: false },
  CONFIG_ACL_PORTS: { http: 422, retry: false },
  CONFIG_ACL_TOO_MANY: { http: 422, retry: false },
  CONFIG_ACL_SHADOWED: { http: 422, retry: false },
  CONFIG_APPLICATION_INVALID: { http: 422, retry: false },
  CONFIG_APPLICATION_UNKNOWN: { http: 422, retry: false },
  CONFIG_POLICY_FOR: { http: 422, retry: false },
  CONFIG_POLICY_PREFER: { http: 422, retry: false },
  CONFIG_POLICY_NO_UPLINK: { http: 422, retry: false },
  CONFIG_POLICY_SHADOWED: { http: 422, retry: false },
  CONFIG_POLICY_TOO_MANY: { http: 422, retry: false },
  CONFIG_PATHS_TOO_MANY: { http: 422, retry: false },
  CONFIG_UPLINK_UNKNOWN: { http: 422, retry: false },
  CONFIG_PROFILE_UNKNOWN: { http: 422, retry: false },
  CONFIG_UPLINK_RATE: { http: 422, retry: false },
  CONFIG_UPLINKS_BACKUP: { http: 422, retry: false },
  CONFIG_API_NOBODY: { http: 422, retry: false },
  CONFIG_RECOVERY_INVALID: { http: 422, retry: false },
  CONFIG_SSH_KEY_INVALID: { http: 422, retry: false },
  CONFIG_OVERLAY_PORT: { http: 422, retry: false },
  CONFIG_STUN_INVALID: { http: 422, retry: false },
  CONFIG_STUN_INSIDE: { http: 422, retry: false },
  CONFIG_TRUNCATED: { http: 422, retry: false },
  CONFIG_REVISION_OLD: { http: 409, retry: false },
  CONFIG_PENDING: { http: 409, retry: true },
  CONFIG_NOT_PENDING: { http: 409, retry: false },
  CONFIG_NO_FALLBACK: { http: 409, retry: false },
  CONFIG_CONFLICT: { http: 409, retry: false },
  CONFIG_NOT_APPLIED: { http: 500, retry: false },
  CONFIG_UNCONFIRMED: { http: 409, retry: false },
  CONFIG_SECRET_HIDDEN: { http: 422, retry: false },
  API_INVALID: { http: 400, retry: false },
  API_UNAUTHENTICATED: { http: 401, retry: false },
  API_FORBIDDEN: { http: 403, retry: false },
  API_NOT_FOUND: { http: 404, retry: false },
  API_TOO_LARGE: { http: 413, retry: false },
  API_TIMEOUT: { http: 503, retry: true },
  API_NOT_READY: { http: 503, retry: true },
  API_RATE: { http: 429, retry: true },
  API_BUSY: { http: 503, retry: true },
  API_LAST_OWNER: { http: 409, retry: false },
  API_LAST_ADMIN: { http: 409, retry: false },
  /** The password was not typed within the last minutes. */
  API_NOT_FRESH: { http: 403, retry: false },
  API_SETUP_CODE: { http: 403, retry: false },
  API_SETUP_DONE: { http: 409, retry: false },
  /** Asked by a name that is not this box's (RFC 9110 §15.5.20). */
  API_MISDIRECTED: { http: 421, retry: false },
  /** A page of another site asks. */
  API_CROSS_SITE: { http: 403, retry: false },
  API_CONFIRM: { http: 400, retry: false },
  API_IN_USE: { http: 500, retry: false },
  API_UNREACHABLE: { http: 503, retry: true },
  API_INTERNAL: { http: 500, retry: false },
  HOST_COMMAND_FAILED: { http: 500, retry: true },
  HOST_COMMAND_TIMEOUT: { http: 500, retry: true },
  HOST_IN_USE: { http: 500, retry: true },
  HOST_SYSTEM: { http: 500, retry: true },
  HOST_TWIN_TAKEN: { http: 500, retry: true },
  HOST_UNSETTLED: { http: 500, retry: true },
  HOST_NO_APPLIANCE: { http: 409, retry: false },
  BACKUP_INVALID: { http: 422, retry: false },
  BACKUP_TRUNCATED: { http: 422, retry: false },
  BACKUP_VERSION: { http: 422, retry: false },
  BACKUP_PASSPHRASE: { http: 403, retry: false },
  BACKUP_BROKEN: { http: 422, retry: false },
  BACKUP_NO_IDENTITY: { http: 409, retry: false },
  BACKUP_OWNED: { http: 409, retry: false },
  UPDATE_UNSUPPORTED: { http: 501, retry: false },
  UPDATE_REFUSED: { http: 422, retry: false },
  UPDATE_TRUNCATED: { http: 422, retry: true },
  UPDATE_BUSY: { http: 409, retry: true },
  UPDATE_NO_OTHER: { http: 409, retry: false },
  UPDATE_OLDER: { http: 409, retry: false },
  UPDATE_NOT_PROVEN: { http: 409, retry: true },
  UPDATE_NO_ROOM: { http: 507, retry: false },
  UPDATE_WENT_BACK: { http: 409, retry: false },
  UPDATE_UNWELL: { http: 409, retry: false },
  UPDATE_SILENT: { http: 504, retry: false },
  FLEET_NO_NETWORK: { http: 422, retry: false },
  FLEET_REFERENCE: { http: 422, retry: false },
  FLEET_DUPLICATE: { http: 422, retry: false },
  FLEET_TOO_MANY: { http: 422, retry: false },
  FLEET_OVERLAP: { http: 409, retry: false },
  FLEET_BOX_FOREIGN: { http: 409, retry: false },
  FLEET_POOL_INVALID: { http: 422, retry: false },
  FLEET_POOL_FULL: { http: 409, retry: false },
  LINK_UNREACHABLE: { http: 503, retry: true },
  LINK_UNTRUSTED: { http: 502, retry: true },
  LINK_REFUSED: { http: 403, retry: true },
  LINK_SLOW: { http: 503, retry: true },
  LINK_FLOODED: { http: 429, retry: true },
  ZTP_BUSY: { http: 503, retry: true },
  ZTP_CODE_NEEDED: { http: 403, retry: false },
  ZTP_CODE_WRONG: { http: 403, retry: true },
  ZTP_CODE_EXPIRED: { http: 410, retry: true },
  ZTP_LOCKED: { http: 423, retry: false },
  ZTP_PROOF_INVALID: { http: 403, retry: false },
  ZTP_VOUCHER_INVALID: { http: 403, retry: false },
  ZTP_VOUCHER_EXPIRED: { http: 403, retry: true },
  ZTP_VOUCHER_REPLAYED: { http: 403, retry: false },
  ZTP_VOUCHER_FOREIGN: { http: 403, retry: false },
  ZTP_AUTHORITY_UNKNOWN: { http: 403, retry: false },
  ZTP_INTERCEPTED: { http: 403, retry: false },
  ZTP_REQUEST_INVALID: { http: 422, retry: false },
  ZTP_SITE_TAKEN: { http: 409, retry: false },
  ZTP_WIRE_KEY_TAKEN: { http: 409, retry: false },
  ZTP_RELEASED: { http: 403, retry: false },
  ZTP_CONFIG_OLD: { http: 409, retry: false },
  ZTP_SETTINGS_INVALID: { http: 422, retry: false },
  ZTP_OWNED: { http: 409, retry: false },
  STORE_CORRUPT: { http: 500, retry: false },
  STORE_READ_FAILED: { http: 500, retry: true },
  STORE_WRITE_FAILED: { http: 500, retry: true },
  STORE_CONFLICT: { http: 409, retry: true },
  STORE_COMPACTED: { http: 410, retry: true },
  STORE_BUSY: { http: 503, retry: true },
  STORE_LOCKED: { http: 500, retry: true },
  STORE_SCHEMA: { http: 500, retry: false },
  STORE_LIMIT: { http: 413, retry: false },
  STORE_NOT_EMPTY: { http: 409, retry: false },
  STORE_KEY_INVALID: { http: 500, retry: false },
  STORE_KEY_PERMISSIONS: { http: 500, retry: false },
  DATAPATH_UNREACHABLE: { http: 503, retry: true },
  DATAPATH_ABI: { http: 500, retry: false },
  DATAPATH_REFUSED: { http: 500, retry: false },
  DATAPATH_BUSY: { http: 503, retry: true },
  DATAPATH_OVERFLOW: { http: 500, retry: false },
  SESSION_NO_KEYPAIR: { http: 409, retry: true },
  SESSION_TIMEOUT: { http: 504, retry: true },
  SESSION_REFUSED: { http: 502, retry: true },
  WIRE_TRUNCATED: { http: 400, retry: false },
  WIRE_INVALID: { http: 400, retry: false },
  WIRE_UNAUTHENTIC: { http: 400, retry: false },
  LAB_COMMAND: { http: 500, retry: false },
  LAB_HUGEPAGES: { http: 500, retry: true },
  LAB_INVALID: { http: 400, retry: false },
  LAB_PROGRAM: { http: 500, retry: false },
  LAB_RIGHTS: { http: 403, retry: false },
  LAB_TIMEOUT: { http: 504, retry: true },
} as const

export type ErrorCode = keyof typeof errorTable

/** Of what another process says. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text)
}

/** Whatever can be said against a configuration. */
export const configErrors: readonly ErrorCode[] = (Object.keys(errorTable) as ErrorCode[]).filter(
  (code) => code.startsWith('CONFIG_'),
)

/** The one shape in which errors leave a process: logs, API bodies, CLI `--json`. */
export interface ErrorBody {
  readonly code: ErrorCode
  readonly message: string
  /** JSON pointer (RFC 6901) into the document at fault. */
  readonly path?: string
  readonly detail?: string
  /** Place in the text at fault, from 1; both or neither. */
  readonly line?: number
  readonly column?: number
  /** Of a document with several: all of them, this one included. */
  readonly errors?: readonly ErrorBody[]
}

export class CausewayError extends Error {
  readonly code: ErrorCode
  readonly path: string | undefined
  readonly detail: string | undefined
  readonly line: number | undefined
  readonly column: number | undefined
  readonly errors: readonly ErrorBody[] | undefined

  constructor(
    code: ErrorCode,
    message: string,
    more: {
      path?: string | undefined
      detail?: string | undefined
      line?: number | undefined
      column?: number | undefined
      errors?: readonly ErrorBody[] | undefined
      cause?: unknown
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'CausewayError'
    this.code = code
    this.path = more.path
    this.detail = more.detail
    this.line = more.line
    this.column = more.column
    this.errors = more.errors
  }

  toJSON(): ErrorBody {
    return {
      code: this.code,
      message: this.message,
      ...(this.path === undefined ? {} : { path: this.path }),
      ...(this.detail === undefined ? {} : { detail: this.detail }),
      ...(this.line === undefined ? {} : { line: this.line }),
      ...(this.column === undefined ? {} : { column: this.column }),
      ...(this.errors === undefined ? {} : { errors: this.errors }),
    }
  }
}
