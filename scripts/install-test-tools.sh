#!/bin/sh
# What some tests use beside Node.js: tc, nft, iptables, ping (links in the kernel), PostgreSQL's server (a store), munin-node (a server
# that is watched), Chromium (the dashboard), xmllint (JUnit files). Run by `npm test`; installs what is missing where that is possible,
# and otherwise says what will not be tested. Never fails: those tests then don't run.
missing=
for tool in unshare:util-linux tc:iproute2 nft:nftables iptables:iptables ping:iputils-ping chromium:chromium xmllint:libxml2-utils; do
  command -v "${tool%%:*}" >/dev/null 2>&1 || missing="$missing ${tool#*:}"
done
# Not in the path: Debian keeps its versions apart.
sh "$(dirname "$0")/postgres.sh" installed 2>/dev/null || missing="$missing postgresql"
[ -x /usr/sbin/munin-node ] || missing="$missing munin-node"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086
  for attempt in once updated; do
    [ "$attempt" = once ] || apt-get update -qq >/dev/null 2>&1
    if apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1; then exit 0; fi
  done
fi
echo "some tests don't run: missing$missing, which needs root and apt-get" >&2
exit 0
