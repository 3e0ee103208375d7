#!/bin/sh
# Brings a bare Debian 12 or 13 into the shape that a verb of build/run.sh needs: Debian packages, the
# locked npm packages with Node itself among them, the native module and the web UI. Says what it installs and why;
# looks, and does nothing, when nothing is missing. It runs before the right Node exists, hence POSIX sh.
#   sh build/setup.sh start|test|check|accept|bench|native|webui|image [NAME OF WHAT IS ACCEPTED]
set -eu
cd "$(dirname "$0")/.."

verb=${1:?"usage: sh build/setup.sh VERB [NAME]"}
name=${2:-}
node_version=26.10.0

say() { echo "set-up: $*" >&2; }
die() { echo "set-up: $*" >&2; exit 1; }

case $(uname -m) in
  x86_64) arch=x64 ;;
  aarch64) arch=arm64 ;;
  *) die "Causeway runs on x86-64 and ARM64, not on $(uname -m)" ;;
esac
case $verb in
  check | native | webui) ;;
  image) [ "$(id -u)" -eq 0 ] || die "'image' sets Debian packages up in a tree of its own and needs root: sudo npm run image" ;;
  *) [ "$(id -u)" -eq 0 ] || die "'$verb' makes network namespaces and needs root: sudo npm run $verb" ;;
esac

# One line per need: the packages after the colon serve what stands before it.
needs="Node $node_version: libatomic1"
if [ "$verb" != check ] && [ "$verb" != webui ] && [ "$verb" != image ]; then
  needs="$needs
the native build: gcc libc6-dev meson ninja-build pkgconf libdpdk-dev libnuma-dev libbsd-dev libssl-dev
the gateway: iproute2 nftables ethtool procps openssl
DHCP and DNS: dnsmasq-base udhcpc
diagnostics: iputils-ping traceroute iperf3 tcpdump conntrack"
  [ "$arch" = arm64 ] || needs="$needs
fast AES-GCM: libipsec-mb-dev"
fi
case $verb in
  test | accept) needs="$needs
the fuzzers: clang libclang-rt-dev
tests in a browser: chromium
recordings, as others read them: tshark" ;;
esac
case $verb in
  test | accept) needs="$needs
updates of an appliance: rauc squashfs-tools" ;;
esac
case $verb-$name in
  accept-appliance) needs="$needs
virtual machines: qemu-system-x86 qemu-system-arm qemu-utils ovmf qemu-efi-aarch64 ipxe-qemu nmap" ;;
esac
case $verb-$name in
  image-* | accept-appliance) needs="$needs
Debian's packages in a tree: mmdebstrap arch-test qemu-user-static debian-archive-keyring systemd
disks and slots: squashfs-tools mtools dosfstools fdisk zstd
updates: rauc openssl" ;;
esac
case $verb in
  start | test | accept | bench) needs="$needs
the lab's traffic: iputils-ping iperf3 tcpdump curl" ;;
esac

install_packages() {
  command -v dpkg-query >/dev/null || die "needs Debian 12 or 13 (there is no dpkg-query here)"
  wanted=$(echo "$needs" | sed 's/^.*: //')
  # shellcheck disable=SC2086 # a list of words is meant
  have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null || true)
  missing=
  for package in $wanted; do
    case "
$have
" in *"
installed $package
"*) ;; *) missing="$missing $package" ;; esac
  done
  [ -n "$missing" ] || return 0

  [ "$(id -u)" -eq 0 ] || die "these Debian packages are missing; install them or run this once with sudo:$missing"
  echo "$needs" | while read -r line; do
    these=
    for package in ${line##*: }; do
      case " $missing " in *" $package "*) these="$these $package" ;; esac
    done
    [ -z "$these" ] || say "installs for ${line%: *}:$these"
  done
  export DEBIAN_FRONTEND=noninteractive
  # A third-party source that does not answer is no reason to stop: the install below decides.
  apt-get -qq -o DPkg::Lock::Timeout=120 update >/dev/null 2>&1 || say "apt-get update had errors; goes on"
  log=$(mktemp)
  # shellcheck disable=SC2086
  if ! apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=120 install $missing >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    die "apt-get could not install:$missing"
  fi
  rm -f "$log"
}

# npm ci starts by removing node_modules, so a stamp inside, written last, vouches for the whole tree: a
# killed npm ci leaves none, and another lock file or machine does not match it.
install_npm_packages() {
  stamp=node_modules/.causeway-stamp
  want="$arch $(sha256sum <package-lock.json)"
  [ "$(cat "$stamp" 2>/dev/null)" != "$want" ] || return 0

  command -v npm >/dev/null || die "npm is missing: apt-get install npm"
  say "installs the npm packages of package-lock.json, Node $node_version among them, into node_modules"
  npm ci --ignore-scripts --include=dev --include=optional --no-audit --no-fund --loglevel=error >&2 ||
    die "npm ci failed"
  # npm 9 and 10 leave this link out.
  mkdir -p node_modules/.bin
  ln -sfn "../node-linux-$arch/bin/node" node_modules/.bin/node
  have=$(node_modules/.bin/node --version) || die "node_modules/.bin/node does not start"
  [ "$have" = "v$node_version" ] || die "node_modules/.bin/node is $have instead of v$node_version"
  echo "$want" >"$stamp"
}

install_packages
install_npm_packages
case $verb in
  check) ;;
  native) sh build/native.sh ;;
  webui | image) sh build/webui.sh ;;
  bench) sh build/native.sh ;;
  *)
    sh build/native.sh
    sh build/webui.sh
    ;;
esac
