/**
 * What each error about a device configuration means to an admin, and what to do about it. CONFIG.md is made from it; the
 * compiler sees to it that no code is missing.
 */
import type { ErrorCode } from './errors.ts'

export type ConfigCode = Extract<ErrorCode, `CONFIG_${string}`>

export interface CodeHelp {
  readonly meaning: string
  readonly remedy: string
}

const help = (meaning: string, remedy: string): CodeHelp => ({ meaning, remedy })

export const configCodes: Readonly<Record<ConfigCode, CodeHelp>> = {
  CONFIG_SYNTAX: help(
    'The file is no YAML, or uses what a configuration does not need: aliases, tags, repeated keys, a second document.',
    'Mend the line that is named; mind indentation, and quote IPv6 addresses in `[…]` lists.',
  ),
  CONFIG_UNREADABLE: help(
    'The file is not there, is a folder, may not be read, or is not UTF-8.',
    'Look at path and permissions.',
  ),
  CONFIG_TOO_LARGE: help('The file has more than 1 MiB.', 'Summarise prefixes.'),
  CONFIG_VERSION: help(
    'The document is of a later version than this firmware reads.',
    'Update the firmware, or write the document in a version that it reads.',
  ),
  CONFIG_INVALID: help(
    'A value has the wrong form; the message says what is expected.',
    'Write it like the example in the message. YAML takes `1.10` for a number and `{}` for fields: quote text.',
  ),
  CONFIG_MISSING_FIELD: help('A field that must be there is not.', 'Add it.'),
  CONFIG_UNKNOWN_FIELD: help(
    'There is no such field here. None is ignored, so that a slip in a name cannot go unseen.',
    'Look at spelling and indentation.',
  ),
  CONFIG_UNSUPPORTED: help('The field is of a later release.', 'Leave it out.'),
  CONFIG_TOO_MANY: help(
    'A list is longer than this firmware takes.',
    'Shorten it; summarise prefixes.',
  ),
  CONFIG_NAME_RESERVED: help('A name means something else to the kernel.', 'Choose another.'),
  CONFIG_NAME_DUPLICATE: help('Two things of a kind have one name.', 'Rename one.'),
  CONFIG_TWIN_COLLISION: help(
    'An uplink or LAN has a name under which the kernel knows another interface.',
    'Rename it, for example to `wan0` or `lan0`.',
  ),
  CONFIG_PEER_SELF: help(
    'A peer is called like this site: its entry was copied with the rest.',
    'Take it out; a site is not its own peer.',
  ),
  CONFIG_NIC_DUPLICATE: help(
    'Two uplinks or LANs claim the same frames of a NIC.',
    'Give each but one a `vlan` of its own, or another NIC.',
  ),
  CONFIG_QUEUES_INVALID: help(
    '`queues` cannot be had like this.',
    'Leave it out for `netdev:` NICs; say the same wherever a `pmd:` NIC is named.',
  ),
  CONFIG_VNI_DUPLICATE: help(
    'Two segments have one number on the wire.',
    'Number them anew, alike at every site.',
  ),
  CONFIG_SEGMENT_UNKNOWN: help(
    'A name of a segment is not among `segments`.',
    'Mend its spelling, or add the segment.',
  ),
  CONFIG_ADDRESS_INVALID: help(
    'What should be an address with its prefix length is none.',
    'Write it like `10.1.0.1/24` or `fd00:1::1/64`, without leading zeros and zone.',
  ),
  CONFIG_ADDRESS_UNUSABLE: help(
    'No host can have this address.',
    'Give one of a host in its network.',
  ),
  CONFIG_ADDRESS_DUPLICATE: help('An address is given twice on this box.', 'Keep one.'),
  CONFIG_GATEWAY_INVALID: help(
    'A gateway is no address of its family.',
    '`gateway` is for IPv4, `gateway6` for IPv6; both without prefix length.',
  ),
  CONFIG_GATEWAY_DHCP: help(
    'DHCP says the gateway, and so does the file.',
    'Leave the gateway out, or `dhcp`.',
  ),
  CONFIG_GATEWAY_UNREACHABLE: help(
    'A gateway is not on a network of its uplink.',
    'Look at the prefix length of the address, and at both for slips.',
  ),
  CONFIG_PREFIX_INVALID: help(
    'What should be a prefix is none.',
    'Write it like `10.2.0.0/16` or `fd00:2::/48`.',
  ),
  CONFIG_PREFIX_HOST_BITS: help(
    'A prefix names a host, not a network.',
    'Clear the bits below its length (`10.2.0.0/16`), or make it longer.',
  ),
  CONFIG_PREFIX_UNUSABLE: help(
    'A prefix holds addresses to which nothing is routed.',
    'Name what is behind the peer, in several prefixes if need be.',
  ),
  CONFIG_PREFIX_DUPLICATE: help(
    'One peer has a prefix twice, or two of which neither is a hub have it.',
    'Leave it with the one that has it; peers that only carry for that one have `role: hub`.',
  ),
  CONFIG_TRANSIT: help(
    'A peer that is no hub is to forward for others.',
    'Give it `role: hub`, or take `transit` away.',
  ),
  CONFIG_PREFIX_OVERLAP: help(
    'Networks overlap where they must not: packets could go either way.',
    'Renumber one, or write longer prefixes that leave the other out.',
  ),
  CONFIG_WIRE_KEY_INVALID: help(
    'A key is no usable public key.',
    'Copy what `causeway key` prints at the other site.',
  ),
  CONFIG_WIRE_KEY_DUPLICATE: help(
    'Two peers have one key.',
    'Ask both sites for theirs with `causeway key`.',
  ),
  CONFIG_WIRE_KEY_OWN: help("A peer has this box's own key.", "Take the other site's key."),
  CONFIG_ENDPOINT_INVALID: help(
    'An endpoint is not the address and port of a host; names are not resolved.',
    'Write it like `198.51.100.7:51820` or `"[2001:db8::7]:51820"`.',
  ),
  CONFIG_ENDPOINT_DUPLICATE: help(
    'An endpoint stands twice.',
    'Leave it with the peer that has it.',
  ),
  CONFIG_ENDPOINT_INSIDE: help(
    'An endpoint lies inside the overlay, in a LAN, or on this box: it cannot carry the overlay.',
    "Give the peer's address on the Internet.",
  ),
  CONFIG_ENDPOINT_UNREACHABLE: help(
    'No uplink leads to any endpoint of a peer.',
    'Add `gateway` or `gateway6` to an uplink, or an endpoint of the family that it has; or leave endpoints empty if the peer calls.',
  ),
  CONFIG_UPLINK_ASTRAY: help(
    'An uplink leads to no other site: none is on its networks, and it has no gateway.',
    "Add its `gateway` or `gateway6`, or a peer's endpoint in its network.",
  ),
  CONFIG_MTU_INVALID: help(
    'An MTU is out of range.',
    'Ethernet carries 1500; below 1280 there is no IPv6.',
  ),
  CONFIG_MTU_TOO_SMALL: help(
    'A LAN may send what no uplink can carry.',
    "Lower the LAN's `mtu`, or raise an uplink's if its link can.",
  ),
  CONFIG_DHCP_INVALID: help(
    'A limit of what DHCP lends is no IPv4 address.',
    'Write it like `10.1.0.50`.',
  ),
  CONFIG_DHCP_RANGE: help(
    'What DHCP is to lend does not fit its LAN.',
    'Choose first and last address in the network of the LAN, without the own one.',
  ),
  CONFIG_DHCP_LENGTH: help(
    'Hosts of a LAN with `dhcp` could not make themselves addresses from its IPv6 network.',
    'Give the address the length 64, or leave `dhcp` out.',
  ),
  CONFIG_DNS_INVALID: help(
    'A DNS server or domain cannot be used.',
    'Give addresses of servers elsewhere.',
  ),
  CONFIG_ACL_PREFIX: help(
    'A rule speaks of addresses that its segment does not have: it would never fit.',
    'Look at prefix and segment for a slip, or add the network.',
  ),
  CONFIG_ACL_FAMILY: help(
    'A rule has IPv4 on one side and IPv6 on the other.',
    'Write a rule for each family.',
  ),
  CONFIG_ACL_PORTS: help(
    'Ports of a rule cannot be what they are.',
    'Name `protocol: tcp` or `udp`, and ranges from the lower to the higher port.',
  ),
  CONFIG_ACL_TOO_MANY: help(
    'Spelt out, the rules are more than every packet can be compared with.',
    'Join ranges of ports, and prefixes.',
  ),
  CONFIG_ACL_SHADOWED: help(
    'A rule can never decide: one before it, of the other action, fits all its packets.',
    'Put the narrower rule first.',
  ),
  CONFIG_APPLICATION_INVALID: help(
    'An application does not say of its flows what can be said.',
    'Give it prefixes, ports with `protocol: tcp` or `udp`, names of servers, or marks.',
  ),
  CONFIG_APPLICATION_UNKNOWN: help(
    'A policy is for an application that is neither among `applications` nor well-known.',
    'Mend its spelling, or add the application.',
  ),
  CONFIG_POLICY_FOR: help(
    'A policy is for all flows, or for none.',
    'Say in `for` which flows are its; that of all others is called `default` and has no `for`.',
  ),
  CONFIG_POLICY_PREFER: help(
    'A policy prefers an uplink twice, one that it never uses, or one that stands by for others.',
    'Take it out of `prefer`; or change `kinds` or `metered`; or name those first for which it stands by, or make it no `backup`.',
  ),
  CONFIG_POLICY_NO_UPLINK: help(
    'A policy leaves no uplink to its flows: all of them would be dropped.',
    'Allow more `kinds`; or `metered: last`, which uses metered uplinks where nothing else is usable. A site with metered uplinks alone cannot have the `metered: never` of the others: ' +
      'it says `last` or `ok` there, and so do the others in what they send to it, for what is metered at one end is metered at both.',
  ),
  CONFIG_POLICY_SHADOWED: help(
    'A policy can never decide: one before it is for all of its flows.',
    'Put the narrower policy first.',
  ),
  CONFIG_POLICY_TOO_MANY: help(
    'Spelt out, policies and applications are more than a flow can be compared with.',
    'Join ranges of ports, prefixes and names; leave segments out where they do not matter.',
  ),
  CONFIG_PATHS_TOO_MANY: help(
    'Uplinks and endpoints make more paths than the datapath has room for.',
    'Give peers fewer endpoints, the sites that matter most more than others; 7 paths a peer always fit.',
  ),
  CONFIG_UPLINK_UNKNOWN: help(
    'A name of an uplink is not among `uplinks`.',
    'Mend its spelling, or add the uplink.',
  ),
  CONFIG_PROFILE_UNKNOWN: help(
    'An uplink has a profile that is neither among `profiles` nor built in.',
    'Mend its spelling, or add the profile.',
  ),
  CONFIG_UPLINK_RATE: help(
    'An uplink says what part of its rate something takes, and not the rate.',
    'Add `down`, as measured, or a little less; or leave `internet` out.',
  ),
  CONFIG_UPLINKS_BACKUP: help(
    'All uplinks stand by, and none is there for which they could.',
    'Leave `backup` out where the uplink is to be used always.',
  ),
  CONFIG_OVERLAY_PORT: help(
    'The overlay cannot have this port, or has it already.',
    'Choose another, the same one as in the `endpoints` at other sites.',
  ),
  CONFIG_STUN_INVALID: help(
    'A STUN server is not the address and port of a host; names are not resolved.',
    'Write it like `203.0.113.5:3478` or `"[2001:db8::5]:3478"`, once.',
  ),
  CONFIG_STUN_INSIDE: help(
    'A STUN server lies inside the overlay, in a LAN, or on this box: it cannot see what NATs do.',
    'Name one on the Internet, or none: hubs with `relay` are asked anyway.',
  ),
  CONFIG_RECOVERY_INVALID: help(
    'The recovery port would depend on what it is to be there for when that fails.',
    'Give it a NIC and a network of its own, or `nic: none`.',
  ),
  CONFIG_SSH_KEY_INVALID: help(
    'This is no public key that SSH takes here: ed25519 alone, without options before it.',
    'Make one by `ssh-keygen -t ed25519` and put in the line of the file that ends in `.pub`.',
  ),
  CONFIG_API_NOBODY: help(
    'The local API is opened for LANs, and no LAN may use it.',
    'Set `admin: true` for the segment of those who may, or `lan: off`.',
  ),
  CONFIG_TRUNCATED: help(
    'At boot, `device.yaml` is only the beginning of what ran last: it was probably cut by a power failure.',
    'If it is meant so, reload it (SIGHUP) or count its revision up. What ran last runs meanwhile.',
  ),
  CONFIG_REVISION_OLD: help(
    'What is handed in has a revision that has been used on this box.',
    'Count `revision` up, also for a configuration that ran before.',
  ),
  CONFIG_PENDING: help(
    'A change is under way, and there is one at a time.',
    'Confirm it or take it back: `causeway config confirm` or `rollback`.',
  ),
  CONFIG_NOT_PENDING: help(
    'There is no change to confirm or to take back.',
    'See `causeway config show`: it says what became of the last one.',
  ),
  CONFIG_NO_FALLBACK: help(
    'Nothing ran on this box before to which an unconfirmed change could return.',
    'Apply the first configuration with `--confirm-seconds 0`.',
  ),
  CONFIG_CONFLICT: help(
    '`device.yaml` was edited since the gateway read it, or was refused; a change would overwrite what somebody wrote.',
    'Put it back as it was; one that was refused may be removed. Or reload it (SIGHUP), mended where it was refused; while a change waits for its confirm, `causeway config rollback` comes first, then reload and apply anew.',
  ),
  CONFIG_NOT_APPLIED: help(
    'A change could not be brought about, and was taken back.',
    'The detail says what failed; the log says more.',
  ),
  CONFIG_UNCONFIRMED: help(
    'A change was taken back: nobody confirmed it in time, somebody said so, or the gateway was restarted. A `device.yaml` that holds such a change (it was being written when the disk failed or the power went) is refused: the newest good one of the history runs and is written in its place.',
    'Apply it again, and confirm it in time.',
  ),
  CONFIG_SECRET_HIDDEN: help(
    'What is handed in has the mark `<hidden>` in the place of a secret that is not known there: a secret is put back where it was, and nowhere else.',
    'Write the secret itself.',
  ),
}
