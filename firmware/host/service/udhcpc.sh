#!/bin/sh
# Notes what a DHCP server lent; the gateway process sets it. busybox calls this with the event's name and the lease in the
# environment (udhcpc(8)). At its start the client says `deconfig`: what was lent before is still good until it expires or is refused, so
# only a refusal removes it. Addresses are set by the gateway; this gives one that is set already the time for which it is lent now. The
# bounds are those of lease.ts.
set -eu
case $1 in
  bound | renew)
    umask 077
    {
      echo "address=${ip:-}"
      echo "bits=${mask:-}"
      echo "router=${router:-}"
      echo "dns=${dns:-}"
      echo "lease=${lease:-}"
      echo "controllers=${opt143:-}"
      read -r up _ </proc/uptime
      echo "at=$up"
    } >"$CAUSEWAY_LEASE.tmp"
    mv "$CAUSEWAY_LEASE.tmp" "$CAUSEWAY_LEASE"
    # The gateway may be away, and the kernel takes away what nobody renews.
    own="${ip:-}/${mask:-}"
    case ${lease:-} in '' | *[!0-9]*) exit ;; esac
    [ "$lease" -ge 30 ] || lease=30
    [ "$lease" -le 4294967294 ] || lease=4294967294
    if ip -4 -o addr show dev "${interface:-}" | grep -Fq " inet $own "; then
      ip addr change "$own" dev "$interface" valid_lft "$lease" preferred_lft "$lease"
    fi
    ;;
  nak) rm -f "$CAUSEWAY_LEASE" ;;
esac
