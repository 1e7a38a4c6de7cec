#!/usr/bin/env bash
# Installs what is missing, and nothing else: install.sh run | test | check. A second run takes a second.
#
#   run    what `make run` needs: Redis, espeak-ng, Go, Node, Asterisk 22.10 or later
#   test   that, and what `make test` needs: sipp, Chromium, PostgreSQL's programs, gcc (race detector), fonts, an S3 server
#   check  the same as test: the linters come with Go and npm
#
# Distribution packages come from the sources that this machine's apt has. What the distribution lacks or has too old goes into a cache
# folder outside the checkout: HOTLINE_CACHE, else /var/cache/hotline (root) or ~/.cache/hotline. Nothing there needs root.
#   HOTLINE_DEBIAN_MIRROR   where Debian's packages are, when the machine's own sources are not Debian's
#   HOTLINE_ASTERISK_SUITE  the Debian release to take Asterisk from (default forky)
set -euo pipefail
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
exec </dev/null

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/env.sh"
cache=$HOTLINE_CACHE
log=$cache/install.log

readonly NODE_WANTED=20.19.0 NODE_FETCHED=22.23.3
readonly NPM_WANTED=11.0.0 NPM_FETCHED=11.19.1
readonly ASTERISK_WANTED=22.10
readonly S3_VERSION=1.8.0 # recordings/vault/s3test looks for this one
readonly SUITE=${HOTLINE_ASTERISK_SUITE:-forky}

say() { printf '[%3ds] %s\n' "$SECONDS" "$*"; }

die() {
  printf '\ninstall: %s\n' "$1" >&2
  shift
  if [ $# -gt 0 ]; then printf '  %s\n' "$@" >&2; fi
  exit 1
}

# quiet runs a command with its output in the log, and shows the end of it when the command fails.
quiet() {
  local from
  from=$(wc -c <"$log")
  if ! "$@" >>"$log" 2>&1; then
    tail -c +"$((from + 1))" "$log" | tail -n 25 >&2
    return 1
  fi
}

is_root() { [ "$(id -u)" = 0 ]; }
has() { command -v "$1" >/dev/null 2>&1; }

# at_least HAVE WANT compares dotted versions.
at_least() { [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# first_version prints the first dotted number of a command's output, nothing when it does not run.
first_version() { { "$@" 2>/dev/null || true; } | grep -oE '[0-9]+\.[0-9]+(\.[0-9]+)?' | head -n 1 || true; }

# ---------------------------------------------------------------- distribution packages

wanted=()

# package NAME... wants packages; test conditions are the callers' business.
package() { wanted+=("$@"); }

# A freshly installed server package would start its service; ours are started by `hotline up`, on other ports and folders.
without_services() {
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    made=yes
  fi
  # Installing PostgreSQL would make and enable a cluster; the tests make their own.
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    printf 'create_main_cluster = false\n' >/etc/postgresql-common/createcluster.conf
  fi
  local status=0
  "$@" || status=$?
  if [ -n "$made" ]; then rm -f "$policy"; fi
  return $status
}

# current COMMAND... updates package lists. A mirror that lags has lists past their date; they are taken too, still signed by Debian.
current() {
  if quiet "$@" update 2>/dev/null; then return; fi
  if quiet "$@" -o Acquire::Check-Valid-Until=false update; then
    say "note: the mirror's package lists are past their date; their signatures are good"
    return
  fi
  return 1
}

apt_updated=
apt_update() {
  if [ -z "$apt_updated" ]; then
    say "reading the package lists"
    current apt-get || say "the package lists could not be read; going on with those that are there"
    apt_updated=yes
  fi
}

apt_install() {
  without_services quiet apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold "$@"
}

install_packages() {
  if [ ${#wanted[@]} -eq 0 ]; then return; fi
  if ! has apt-get; then
    die "these are missing and this system has no apt-get to get them with; install them, then run this again:" "${wanted[*]}"
  fi
  if ! is_root; then
    die "these packages are missing; run this, then run it again:" "sudo apt-get install --no-install-recommends ${wanted[*]}"
  fi
  apt_update
  say "installing ${wanted[*]}"
  apt_install "${wanted[@]}" || die "apt-get could not install: ${wanted[*]}" "the whole output is in $log"
  if has systemctl && [ -d /run/systemd/system ]; then
    # Just installed and not used by anybody: leave it off after the next boot too.
    for unit in redis-server postgresql asterisk; do
      case " ${wanted[*]} " in *" $unit "*) quiet systemctl disable "$unit" || true ;; esac
    done
  fi
  wanted=()
}

packages_run() {
  has redis-server || package redis-server
  has espeak-ng || package espeak-ng
  has git || package git
  has curl || package curl
  [ -e /etc/ssl/certs/ca-certificates.crt ] || package ca-certificates
  # Any Go and any npm will do: they fetch newer ones of themselves where they are too old.
  has go || package golang-go
  { has node && has npm; } || package nodejs npm
}

packages_test() {
  has sipp || package sip-tester
  has chromium || package chromium
  has gcc || package gcc libc6-dev
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || package postgresql
  compgen -G '/usr/share/fonts/*/*/*CJK*' >/dev/null || package fonts-noto-cjk
}

# ---------------------------------------------------------------- Go

go_works() { at_least "$(GOTOOLCHAIN=local first_version go version)" "$go_wanted"; }

# A Go toolchain is an ordinary module, checked against the checksum database; any older Go can fetch it.
ensure_go() {
  go_wanted=$(awk '$1 == "go" { print $2; exit }' "$here/../go.mod")
  if go_works; then return; fi
  local module work arch
  arch=$(GOTOOLCHAIN=local go env GOARCH)
  module=golang.org/toolchain@v0.0.1-go$go_wanted.linux-$arch
  work=$cache/go.new
  say "fetching Go $go_wanted"
  discard "$work"
  mkdir -p "$work/empty"
  (cd "$work/empty" && quiet env GOTOOLCHAIN=local GOFLAGS=-mod=mod GO111MODULE=on GOMODCACHE="$work/modules" go mod download "$module") ||
    die "could not fetch the Go toolchain $module" "install Go $go_wanted or later by hand and put it into PATH"
  mv "$work/modules/$module" "$work/go"
  chmod -R u+w "$work/go"
  chmod +x "$work"/go/bin/* "$work"/go/pkg/tool/*/*
  discard "$cache/go"
  mv "$work/go" "$cache/go"
  discard "$work"
  . "$here/env.sh"
  hash -r
  go_works || die "Go $go_wanted was fetched into $cache/go and does not run"
}

# discard removes a folder, read-only module files included.
discard() {
  if [ -e "$1" ]; then
    chmod -R u+w "$1"
    rm -rf "$1"
  fi
}

# ---------------------------------------------------------------- Node

node_works() { at_least "$(first_version node --version)" "$NODE_WANTED" && at_least "$(first_version npm --version)" "$NPM_WANTED"; }

# The npm package node-linux-<arch> carries Node's own binary.
ensure_node() {
  if node_works; then return; fi
  local arch work=$cache/node.new
  case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) die "Node $NODE_WANTED and npm $NPM_WANTED or later are needed; install them by hand on $(uname -m)" ;;
  esac
  say "fetching Node $NODE_FETCHED and npm $NPM_FETCHED"
  discard "$work"
  mkdir -p "$work"
  quiet npm install --prefix "$work" --no-save --no-audit --no-fund --ignore-scripts "node-linux-$arch@$NODE_FETCHED" "npm@$NPM_FETCHED" ||
    die "could not fetch Node" "install Node $NODE_WANTED and npm $NPM_WANTED or later by hand and put them into PATH"
  mkdir "$work/bin"
  ln -s "../node_modules/node-linux-$arch/bin/node" "$work/bin/node"
  ln -s ../node_modules/npm/bin/npm-cli.js "$work/bin/npm"
  ln -s ../node_modules/npm/bin/npx-cli.js "$work/bin/npx"
  chmod +x "$work/node_modules/node-linux-$arch/bin/node" "$work"/node_modules/npm/bin/*.js
  discard "$cache/node"
  mv "$work" "$cache/node"
  . "$here/env.sh"
  hash -r
  node_works || die "Node $NODE_FETCHED was fetched into $cache/node and does not run"
}

# ---------------------------------------------------------------- Asterisk

asterisk_works() {
  local candidate
  for candidate in asterisk /usr/sbin/asterisk "$cache/asterisk/bin/asterisk"; do
    if at_least "$(first_version "$candidate" -V)" "$ASTERISK_WANTED"; then return 0; fi
  done
  return 1
}

# The distribution's own when it is new enough. Else Debian's newer release, unpacked into a folder of its own and run with the C
# library that it was built for: no container, no chroot, no root.
ensure_asterisk() {
  if asterisk_works; then return; fi
  if is_root && has apt-get; then
    apt_update
    if at_least "$(apt-cache policy asterisk | awk '/Candidate:/ { sub(/^[0-9]+:/, "", $2); print $2 }' | grep -oE '^[0-9.]+' || true)" "$ASTERISK_WANTED"; then
      package asterisk
      install_packages
      if asterisk_works; then return; fi
    fi
  fi
  if ! has apt-get || ! has dpkg-deb; then
    die "Asterisk $ASTERISK_WANTED or later is needed, with its modules and documentation; install it by hand, then run this again"
  fi
  unpack_asterisk
  asterisk_works || die "Asterisk was unpacked into $cache/asterisk and does not run" "the whole output is in $log"
}

debian_mirror() {
  if [ -n "${HOTLINE_DEBIAN_MIRROR:-}" ]; then
    printf '%s\n' "$HOTLINE_DEBIAN_MIRROR"
    return
  fi
  apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' | awk '$2 == "Debian" && $3 == "Debian" { print $1; exit }'
}

# apt_apart is apt-get with lists, state and cache of its own; the machine's proxies and credentials still hold.
apt_apart() {
  apt-get -o Dir::State="$work/state" -o Dir::State::status="$work/state/status" -o Dir::Cache="$work/cache" \
    -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
    -o Dir::Etc::preferences=/dev/null -o APT::Default-Release= -o APT::Sandbox::User= -o APT::Get::Assume-Yes=true \
    -o APT::Install-Recommends=false -o APT::Install-Suggests=false "$@"
}

unpack_asterisk() {
  local work=$cache/asterisk.new mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg deb
  mirror=$(debian_mirror)
  if [ -z "$mirror" ] && is_root; then
    apt_update
    mirror=$(debian_mirror)
  fi
  if [ -z "$mirror" ] || [ ! -e "$keyring" ]; then
    die "this system's Asterisk is older than $ASTERISK_WANTED and its package sources are not Debian's." \
      "Either install Asterisk $ASTERISK_WANTED or later by hand, or install the package debian-archive-keyring and run this again with" \
      "HOTLINE_DEBIAN_MIRROR set to the address of a Debian mirror."
  fi
  say "fetching Asterisk from Debian $SUITE"
  discard "$work"
  mkdir -p "$work"/{root,bin,state/lists/partial,cache/archives/partial}
  : >"$work/state/status"
  printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$SUITE" >"$work/sources.list"
  current apt_apart || die "could not read Debian $SUITE from $mirror" "set HOTLINE_DEBIAN_MIRROR to a mirror that has it"
  quiet apt_apart install --download-only asterisk || die "could not fetch Asterisk from $mirror" "the whole output is in $log"
  say "unpacking $(compgen -G "$work/cache/archives/*.deb" | wc -l) packages"
  # Everything lives below usr there; these names lead to it (/usr merge).
  mkdir -p "$work"/root/usr/{bin,sbin,lib,lib64}
  for deb in bin sbin lib lib64; do ln -s "usr/$deb" "$work/root/$deb"; done
  for deb in "$work"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$work/root" --no-same-owner --keep-directory-symlink \
      --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' --exclude='./usr/share/info/*' 2>>"$log" ||
      die "could not unpack $deb"
  done
  write_launcher "$work/bin/asterisk"
  rm -rf "$work/state" "$work/cache" "$work/sources.list"
  at_least "$(first_version "$work/bin/asterisk" -V)" "$ASTERISK_WANTED" ||
    die "the unpacked Asterisk does not run: $("$work/bin/asterisk" -V 2>&1 | head -n 3)"
  discard "$cache/asterisk"
  mv "$work" "$cache/asterisk"
}

# The launcher starts Asterisk through the loader of its own root, so that it meets its own C library instead of the machine's.
write_launcher() {
  cat >"$1" <<'LAUNCHER'
#!/bin/sh
root=$(cd "$(dirname "$0")/../root" && pwd) || exit 1
for loader in "$root"/usr/lib64/ld-linux-*.so.? "$root"/usr/lib/ld-linux-*.so.? "$root"/usr/lib/*/ld-linux-*.so.?; do
  if [ -x "$loader" ]; then
    libraries=$(for d in "$root"/usr/lib/*-linux-gnu*; do if [ -d "$d" ]; then printf '%s:' "$d"; fi; done)
    exec "$loader" --library-path "$libraries$root/usr/lib" "$root/usr/sbin/asterisk" "$@"
  fi
done
echo "asterisk: no loader in $root; remove $root and run deploy/install.sh run" >&2
exit 1
LAUNCHER
  chmod 755 "$1"
}

# Asterisk looks its own name up while a caller waits; a name that does not resolve stalls every call for seconds.
ensure_host_name() {
  local name
  name=$(uname -n)
  if timeout 2 getent ahosts "$name" >/dev/null; then return; fi
  if is_root && printf '127.0.1.1 %s\n' "$name" >>/etc/hosts 2>/dev/null; then
    say "added the host name $name to /etc/hosts: a name that does not resolve stalls calls"
  else
    die "the host name $name does not resolve, which would stall every call; add this line to /etc/hosts:" "127.0.1.1 $name"
  fi
}

# ---------------------------------------------------------------- S3

# No distribution has a small S3 server with object lock. This one is an ordinary Go module, checked against the checksum database.
ensure_s3() {
  local work=$cache/s3.new
  if [ -x "$cache/s3/versitygw-$S3_VERSION" ]; then return; fi
  say "building an S3 server for the tests"
  discard "$work"
  quiet env GOBIN="$work" GOFLAGS=-mod=mod CGO_ENABLED=0 go install "github.com/versity/versitygw/cmd/versitygw@v$S3_VERSION" ||
    die "could not build the S3 server" "the whole output is in $log"
  mkdir -p "$cache/s3"
  mv "$work/versitygw" "$cache/s3/versitygw-$S3_VERSION"
  discard "$work"
}

# ---------------------------------------------------------------- parts

part_run() {
  packages_run
  install_packages
  ensure_go
  ensure_node
  ensure_asterisk
  ensure_host_name
}

part_test() {
  packages_run
  packages_test
  install_packages
  part_run
  ensure_s3
}

main() {
  local part=${1:-run}
  case $part in
    run | test) ;;
    check) part=test ;;
    *) die "usage: install.sh run | test | check" ;;
  esac
  [ "$(uname -s)" = Linux ] || die "Linux is needed; this is $(uname -s)"
  mkdir -p "$cache" 2>/dev/null || die "cannot make the cache folder $cache; set HOTLINE_CACHE to a folder that you can write"
  exec 9>"$cache/.lock"
  flock -n 9 || { say "another install is running; waiting for it" && flock 9; }
  : >"$log"
  "part_$part"
  say "installed: $(go version | cut -d' ' -f3), Node $(node --version), Asterisk $(asterisk_version)"
}

asterisk_version() {
  local candidate v
  for candidate in asterisk /usr/sbin/asterisk "$cache/asterisk/bin/asterisk"; do
    v=$(first_version "$candidate" -V)
    if at_least "$v" "$ASTERISK_WANTED"; then
      printf '%s\n' "$v"
      return
    fi
  done
}

main "$@"
