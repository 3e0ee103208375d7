/** What `causeway --help` says. */
import { defaultInstance } from '../host/system/places.ts'

export const usage = `Usage: causeway COMMAND [--instance NAME] [--json]

  check FILE   tell what is wrong with a device configuration; changes nothing (-: standard input)
  status       show uplinks, peers and health of the running gateway
  health       say whether all is well (exit 0) or what is not (exit 1)
  paths        show the paths to each peer: which links are used, how good they are, what is wrong;
               with --wide also percentiles of the round trip, what came late and other details
  sessions     show sessions with peers: state, cipher, age of keys, failures
  drops        show what the datapath dropped, and why
  denials      show the last packets that the ACL kept out, and by which rule
  explain FROM[:PORT] TO[:PORT] [PROTOCOL]
               say what becomes of a flow and why: segment, route, rule, policy and path, and what
               befell its packets (exit 0: it passes, 1: it does not). PROTOCOL is tcp, udp, icmp
               or a number; without it, tcp where a port is given, else a ping (icmp). A port that
               is not given is no port of any rule or application. An IPv6 address stands in
               brackets before its port. With --dscp ef (be without it), --server NAME (of TLS or
               QUIC), --segment NAME (that of FROM without it) where these matter
  capture uplink|lan|segment NAME FILE [FIELD …]
               record packets into FILE (pcapng): headers alone. Fields: seconds N, host A, with B,
               net P, port N, tcp, udp, icmp, arp; full: payloads too
  bundle FILE  keep what whoever helps needs (.tar.gz), without secrets
  events       follow what changes, until interrupted
  key          print this device's wire public key (made if there is none)
  enrol        show whose this box is, or the code by which it is claimed
  enrol confirm CODE      say that the controller which took this code is the right one
  enrol with HOST[:PORT] [ROOT.pem]
                          ask this controller (port 8443 unless told); one that the owner's root
                          vouches for needs no code
  reset --yes  make this box blank: no owner, no configuration, new keys of sessions

  user list               show who may use the page of this box
  user add NAME ROLE      make a user: viewer, operator or admin; the password is read from standard input
  user role NAME ROLE     another role
  user password NAME      another password: at this shell nobody needs the old one
  user remove NAME        take a user away
  user setup-code         print the code by which the first password is set on the page

  config show             print the configuration that runs, without secrets
  config apply FILE       try a configuration; it is taken back unless it is confirmed within
                          --confirm-seconds N (60 unless told, at most 120; 0: needs no confirm)
  config confirm          keep it: it becomes device.yaml and an entry of the history
  config rollback         take it back now
  config history [N]      list what ran here, or print entry N

  slots                   show the slots of the firmware: what runs, what the next start tries
  slots install FILE      write an update (.raucb) into the slot that does not run; the next start tries it
  slots rollback          have the next start be by the other slot
  slots good              say that what runs has proven itself: it is not gone back from
  slots prove             wait until what runs has proven itself, five minutes at most, and say so. Exit 0:
                          it has, or there is nothing to prove; 1: an update that is tried has not, and the
                          machine must start anew to go back; 3: what was good before lacks something
                          (started by the supervisor)
  usb FOLDER|DEVICE       take what a stick brings: controller.yaml, roots (*.pem), an update that is newer
                          than what runs (causeway-VERSION-ARCH.raucb)   (started by the supervisor)

  ctl …        run a fleet through its controller: causeway ctl --help
  controller   run the process that a fleet is run from

  console      show what the box is, and take three words; with --on /dev/tty1 (several times) there

  prepare      make an appliance's machine ready    (started by the supervisor, as those below)
  datapath     run the process that moves packets   (started by the supervisor)
  gateway      run the process that decides         (started by the supervisor)

  --instance NAME   which of several on this machine; ${defaultInstance} unless told
  --json            print for programs
  --root DIR        a folder that stands for /
  --help, --version

The datapath takes --memory MIB (128 unless told), --flows N (as many may have a path of their own;
131072 unless told, 68 bytes each) --worker-cpu N (its
worker's own) and --aead auto|ipsec-mb|openssl. The controller takes
--listen ADDRESS:PORT (0.0.0.0:8443 unless told), --stun ADDRESS:PORT (UDP, port 3478 of the same address unless
told) and --name NAME, by which it is called, several times.
`
