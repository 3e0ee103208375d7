/** What a device is told about the box itself, where it is an appliance: a port for the worst day, and who may log in. A part of device-config.ts. */
import Type, { type Static } from 'typebox'
import { Cidr } from './device-config-fields.ts'
import { closed, maybe, means } from './device-config-words.ts'

/** A NIC that stays with the kernel, or none. */
export const RecoveryNic = Type.String({
  pattern: '^(none|netdev:[A-Za-z0-9][A-Za-z0-9_.-]{0,14})$',
  title: 'a NIC that the kernel drives, or none',
  examples: ['netdev:enp3s0'],
  leads: ['netdev:'],
})

export const recoveryAddress = '192.168.127.1/24'

export const Recovery = Type.Object(
  {
    nic: means(RecoveryNic, 'No uplink and no LAN has it. `none`: there is no such port.'),
    address: maybe(
      Cidr,
      "The box's address there, IPv4. It lends the others of its network.",
      recoveryAddress,
    ),
  },
  closed,
)

/** RFC 8709 in the form of authorized_keys (sshd(8)): always so long, and no options before it. */
export const SshKey = Type.String({
  pattern: '^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43}( [!-~][ -~]{0,99})?$',
  title: 'a public key of SSH of the kind ed25519',
  examples: ['ssh-ed25519 AAAAC3Nz… admin@example.com'],
  errorCode: 'CONFIG_SSH_KEY_INVALID',
})

export const Ssh = Type.Object(
  {
    keys: means(
      Type.Array(SshKey, { minItems: 1, maxItems: 8 }),
      'Who may log in as root, and nobody else: there are no passwords. `ssh-keygen -t ed25519` makes one.',
    ),
  },
  closed,
)

export type Recovery = Static<typeof Recovery>
export type Ssh = Static<typeof Ssh>
