/**
 * Well-known applications: what tells their flows without anybody having to say it, each with its source. In this order a
 * flow that no policy speaks of gets its name: servers' names first, what is marked or has a port that many use last.
 * Names and addresses of services are those that their makers publish for firewalls; ports are IANA's where nothing else
 * is said.
 */
import type { Criteria } from './device-config-steering.ts'

export interface KnownApplication {
  readonly name: string
  /** Any of these. */
  readonly flows: readonly Criteria[]
}

const known = (name: string, ...flows: Criteria[]): KnownApplication => ({ name, flows })
const names = (...list: string[]): Criteria => ({ names: list })
const tcp = (...ports: NonNullable<Criteria['ports']>): Criteria => ({ protocol: 'tcp', ports })
const udp = (...ports: NonNullable<Criteria['ports']>): Criteria => ({ protocol: 'udp', ports })
/** The name itself, and all below it. */
const domain = (...list: string[]): Criteria => ({
  names: list.flatMap((name) => [name, `*.${name}`]),
})

export const knownApplications: readonly KnownApplication[] = [
  // learn.microsoft.com "Microsoft 365 URLs and IP address ranges", ids 11 (media) and 12
  known(
    'teams',
    { ...udp('3478-3481'), to: ['52.112.0.0/14', '52.122.0.0/15', '2603:1063::/38'] },
    domain('teams.microsoft.com', 'teams.cloud.microsoft'),
    names('*.lync.com', '*.skype.com'),
  ),
  // support.zoom.com "Zoom network firewall or proxy server settings"
  known('zoom', udp('8801-8810'), tcp('8801-8802'), domain('zoom.us', 'zoom.com')),
  // help.webex.com WBX000028782 "Network requirements for Webex services"
  known(
    'webex',
    udp(9000),
    domain('webex.com'),
    names('*.wbx2.com', '*.ciscospark.com', '*.webexcontent.com'),
  ),
  // support.google.com/a "Prepare your network for Meet meetings & live streams"
  known(
    'google-meet',
    {
      ...udp(3478, '19302-19309'),
      to: ['74.125.250.0/24', '142.250.82.0/24', '2001:4860:4864:5::/64', '2001:4860:4864:6::/64'],
    },
    names('meet.google.com', 'meetings.googleapis.com'),
  ),
  // slack.com/help "Manage Slack connection issues"
  known('slack', domain('slack.com'), names('*.slack-edge.com', '*.slack-msgs.com')),
  // learn.microsoft.com "Microsoft 365 URLs and IP address ranges", ids 1 to 156
  known(
    'microsoft-365',
    domain('office.com', 'office365.com', 'outlook.com', 'cloud.microsoft'),
    names('*.office.net', '*.sharepoint.com', '*.onmicrosoft.com', '*.microsoftonline.com'),
    names('*.officeapps.live.com', '*.svc.ms', '*.onedrive.com', 'onedrive.live.com'),
  ),
  // support.google.com/a "Configure firewall & proxy settings" of Gmail, Drive and Calendar
  known(
    'google-workspace',
    names('mail.google.com', 'docs.google.com', 'drive.google.com', 'calendar.google.com'),
    names('sheets.google.com', 'slides.google.com', 'contacts.google.com', 'chat.google.com'),
    names('accounts.google.com', 'clients6.google.com', '*.clients6.google.com'),
  ),
  // help.salesforce.com "Allow the Required Domains"
  known(
    'salesforce',
    domain('salesforce.com', 'force.com'),
    names('*.my.site.com', '*.salesforceliveagent.com', '*.documentforce.com'),
  ),
  // docs.servicenow.com: instances are hosts below this domain
  known('servicenow', names('*.service-now.com')),
  // doc.workday.com: tenants are hosts below these domains
  known('workday', names('*.workday.com', '*.myworkday.com', '*.myworkdayjobs.com')),
  // help.dropbox.com "Configure your firewall"
  known(
    'dropbox',
    domain('dropbox.com'),
    names('*.dropboxapi.com', '*.dropboxusercontent.com', '*.dropboxstatic.com'),
  ),
  // api.github.com/meta, "domains"
  known(
    'github',
    domain('github.com', 'ghcr.io'),
    names('*.githubusercontent.com', '*.githubassets.com'),
  ),
  // learn.microsoft.com "Windows Update issues troubleshooting": endpoints
  known(
    'windows-update',
    domain('windowsupdate.com', 'update.microsoft.com', 'windowsupdate.microsoft.com'),
    names('*.delivery.mp.microsoft.com', 'download.microsoft.com'),
  ),
  // support.apple.com/101555 "Use Apple products on enterprise networks": software updates
  known(
    'apple-update',
    names('updates.cdn-apple.com', 'swscan.apple.com', 'swcdn.apple.com', 'swdist.apple.com'),
    names('swdownload.apple.com', 'appldnld.apple.com', 'mesu.apple.com', 'gdmf.apple.com'),
  ),
  // support.apple.com/101555: iCloud
  known('icloud', domain('icloud.com'), names('*.icloud-content.com')),
  // support.google.com/youtube: hosts of its players
  known(
    'youtube',
    domain('youtube.com', 'youtu.be'),
    names('*.googlevideo.com', '*.ytimg.com', 'youtubei.googleapis.com'),
  ),
  // openconnect.netflix.com: hosts of its own network
  known(
    'netflix',
    domain('netflix.com'),
    names('*.nflxvideo.net', '*.nflximg.net', '*.nflxext.com', '*.nflxso.net'),
  ),
  // support.spotify.com: hosts of its clients
  known('spotify', domain('spotify.com'), names('*.scdn.co', '*.spotifycdn.com')),
  // developers.facebook.com: hosts of the products
  known('facebook', domain('facebook.com', 'instagram.com'), names('*.fbcdn.net')),
  // faq.whatsapp.com "About connecting through a firewall"
  known('whatsapp', domain('whatsapp.com'), names('*.whatsapp.net')),
  // docs.docker.com "Allowlist for Docker Desktop"
  known('docker', domain('docker.com', 'docker.io')),
  // docs.aws.amazon.com "AWS service endpoints"
  known('aws', names('*.amazonaws.com', '*.aws.amazon.com', '*.awsapps.com')),
  // learn.microsoft.com "Allow the Azure portal URLs"
  known('azure', domain('azure.com'), names('*.windows.net', '*.azure.net')),

  // IANA "sip", "sips"
  known('sip', tcp('5060-5061'), udp('5060-5061')),
  // IANA "avt-profile-1" and "-2": RTP and RTCP where nothing else was agreed
  known('rtp', udp('5004-5005')),
  // IANA "stun", "turn", "stuns" (RFC 8489, RFC 8656)
  known('stun', udp(3478, 5349), tcp(3478, 5349)),
  // IANA "ssh"
  known('ssh', tcp(22)),
  // IANA "telnet"
  known('telnet', tcp(23)),
  // IANA "domain", "domain-s" (RFC 7858, RFC 9250)
  known('dns', udp(53, 853), tcp(53, 853)),
  // IANA "bootps", "bootpc"
  known('dhcp', udp('67-68')),
  // IANA "ntp"
  known('ntp', udp(123)),
  // IANA "snmp", "snmptrap"
  known('snmp', udp('161-162')),
  // IANA "syslog", "syslog-tls"
  known('syslog', udp(514), tcp(514, 6514)),
  // IANA "radius", "radius-acct"
  known('radius', udp('1812-1813')),
  // IANA "kerberos", "kpasswd"
  known('kerberos', tcp(88, 464), udp(88, 464)),
  // IANA "ldap", "ldaps", "msft-gc", "msft-gc-ssl"
  known('ldap', tcp(389, 636, '3268-3269'), udp(389)),
  // IANA "microsoft-ds", "netbios-ssn"
  known('smb', tcp(139, 445)),
  // IANA "nfs", "sunrpc"
  known('nfs', tcp(111, 2049), udp(111, 2049)),
  // IANA "iscsi-target"
  known('iscsi', tcp(3260)),
  // IANA "ipp", "printer", "pdl-datastream"
  known('printing', tcp(515, 631, 9100), udp(631)),
  // IANA "ms-wbt-server"
  known('rdp', tcp(3389), udp(3389)),
  // IANA "rfb"
  known('vnc', tcp('5900-5903')),
  // docs.citrix.com "Communication ports": ICA, session reliability, both by EDT as well
  known('citrix', tcp(1494, 2598), udp(1494, 2598)),
  // IANA "smtp", "submission", "submissions"
  known('smtp', tcp(25, 465, 587)),
  // IANA "imap", "imaps", "pop3", "pop3s"
  known('mailbox', tcp(110, 143, 993, 995)),
  // IANA "ftp-data", "ftp", "ftps"
  known('ftp', tcp('20-21', '989-990')),
  // IANA "rsync"
  known('rsync', tcp(873)),
  // IANA "ms-sql-s", "ms-sql-m", "mysql", "postgresql"; Oracle's listener by its documentation
  known('database', tcp(1433, 1521, 3306, 5432), udp(1434)),
  // IANA "isakmp", "ipsec-nat-t"; ESP and AH, RFC 4303 and RFC 4302
  known('ipsec', udp(500, 4500), { protocol: 50 }, { protocol: 51 }),
  // wireguard.com; IANA "openvpn"
  known('vpn', udp(1194, 51820), tcp(1194)),
  // RFC 792, RFC 4443
  known('icmp', { protocol: 'icmp' }),
  // RFC 4594 §4.1 and RFC 5865: telephony is marked EF or VOICE-ADMIT, whatever its ports
  known('voice', { dscp: ['ef', 44] }),
  // RFC 4594 §4.3: multimedia conferencing is marked AF4x
  known('video', { dscp: ['af41', 'af42', 'af43'] }),
  // IANA "http", "http-alt"
  known('http', tcp(80, 8080)),
  // IANA "https"; QUIC by RFC 9114
  known('https', tcp(443, 8443), udp(443)),
]
