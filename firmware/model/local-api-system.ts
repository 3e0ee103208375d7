/** What the local API says of the machine and takes for it: load, time, certificates, backup, firmware, restart. */
import Type, { type Static } from 'typebox'
import { EnrolmentAnswer } from './enrolment.ts'

const closed = { additionalProperties: false } as const
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const Quantity = Type.Number({ minimum: 0 })
const Bytes = Type.Integer({ minimum: 0 })
const Text = Type.String({ maxLength: 256 })

/** Null where the machine does not say. */
export const MachineAnswer = Type.Object(
  {
    hostname: Text,
    /** `Debian GNU/Linux 13`, `6.12.0`, `x64`, `Intel N100`. */
    system: Text,
    kernel: Text,
    architecture: Text,
    model: Nullable(Text),
    cpu: Text,
    cores: Type.Integer({ minimum: 1 }),
    uptimeSeconds: Quantity,
    /** Of all cores together, since it was asked last; null the first time. */
    cpuRatio: Nullable(Quantity),
    /** Of the gateway process, of one core, in the same time. */
    gatewayCpuRatio: Nullable(Quantity),
    /** Mean of waiting tasks over 1, 5 and 15 minutes. */
    load: Type.Array(Quantity, { maxItems: 3 }),
    memoryBytes: Bytes,
    memoryAvailableBytes: Bytes,
    gatewayMemoryBytes: Bytes,
    temperatureCelsius: Nullable(Type.Number()),
    /** Where what the box keeps lies. */
    diskBytes: Nullable(Bytes),
    diskUsedBytes: Nullable(Bytes),
  },
  closed,
)
export type MachineAnswer = Static<typeof MachineAnswer>

export const ClockAnswer = Type.Object(
  {
    /** Since 1970, by the box's clock. */
    nowSeconds: Quantity,
    zone: Text,
    /** Null: nobody here knows. */
    isSynchronised: Nullable(Type.Boolean()),
    /** Who keeps it right: `chrony`, or `kernel` where another program does and the kernel tells so. */
    by: Type.Union([Type.Literal('chrony'), Type.Literal('kernel'), Type.Literal('nobody')]),
    /** The server that is followed. */
    server: Nullable(Text),
    stratum: Nullable(Type.Integer({ minimum: 0, maximum: 16 })),
    /** How far it is off, as estimated; positive: it is fast. */
    offsetSeconds: Nullable(Type.Number()),
    /** It is off by no more than this. */
    errorSeconds: Nullable(Quantity),
  },
  closed,
)
export type ClockAnswer = Static<typeof ClockAnswer>

export const CertificateAnswer = Type.Object(
  {
    /** `device`: with which it is known to its owner. `lan`: of this page. */
    use: Type.Union([Type.Literal('device'), Type.Literal('lan')]),
    subject: Text,
    issuer: Text,
    /** Names and addresses that it is for. */
    names: Type.Array(Text, { maxItems: 64 }),
    /** SHA-256 of the certificate in hex. */
    fingerprint: Text,
    /** Since 1970. */
    beginSeconds: Type.Number(),
    endSeconds: Type.Number(),
    /** Negative: it is over. */
    remainingSeconds: Type.Number(),
  },
  closed,
)
export type CertificateAnswer = Static<typeof CertificateAnswer>

/** GET /api/v1/system */
export const SystemAnswer = Type.Object(
  {
    version: Text,
    instance: Text,
    uptimeSeconds: Quantity,
    /** Null while the datapath cannot be reached. */
    datapathUptimeSeconds: Nullable(Quantity),
    /** It may be started anew and updated as a whole: else the machine is somebody's who does other things with it too. */
    isAppliance: Type.Boolean(),
    machine: MachineAnswer,
    clock: ClockAnswer,
    certificates: Type.Array(CertificateAnswer, { maxItems: 32 }),
    owner: EnrolmentAnswer,
  },
  closed,
)
export type SystemAnswer = Static<typeof SystemAnswer>

/** POST /api/v1/system/restart: of the gateway process, or of the whole machine. */
export const RestartRequest = Type.Object(
  { what: Type.Union([Type.Literal('gateway'), Type.Literal('machine')]) },
  closed,
)
export type RestartRequest = Static<typeof RestartRequest>

export const RestartAnswer = Type.Object(
  {
    /** After this it begins. */
    inSeconds: Quantity,
  },
  closed,
)
export type RestartAnswer = Static<typeof RestartAnswer>
