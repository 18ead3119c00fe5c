#!/bin/sh
# A PostgreSQL server of one's own for tests and measurements, beside any that the machine has. Root hands it to an unprivileged user.
#
#   postgres.sh start DIR PORT [SETTING=VALUE ...]   makes the cluster in DIR if there is none; prints its URL when it answers
#   postgres.sh kill DIR                             at once, as in a crash: it recovers at the next start
#   postgres.sh stop DIR                             in order
#   postgres.sh installed                            exit code 0: there is one to start
#
# DIR gets data/, log and the socket. User `meterstorm`, no password, loopback only. Settings are those of PostgreSQL; without any, those that it
# comes with hold.
set -eu

bin=
for each in /usr/lib/postgresql/*/bin; do [ ! -x "$each/initdb" ] || bin=$each; done
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb || echo none/initdb)")
if [ ! -x "$bin/initdb" ]; then
  echo "postgres.sh: PostgreSQL's server is not installed (Debian: apt-get install postgresql)" >&2
  exit 1
fi

usage() {
  echo 'postgres.sh: start DIR PORT [SETTING=VALUE ...] | kill DIR | stop DIR | installed' >&2
  exit 2
}

as_user() {
  if [ "$(id -u)" = 0 ]; then setpriv --reuid="$user" --regid="$user" --clear-groups -- "$@"; else "$@"; fi
}

[ "${1:-}" != installed ] || exit 0
[ $# -ge 2 ] || usage
mkdir -p "$2"
dir=$(cd "$2" && pwd)
user=postgres
id "$user" >/dev/null 2>&1 || user=nobody
# The server refuses to begin in a directory that its user may not enter.
cd /

case $1 in
  start)
    [ $# -ge 3 ] || usage
    port=$3
    shift 3
    if [ "$(id -u)" = 0 ]; then chown "$user" "$dir"; fi
    if [ ! -f "$dir/data/PG_VERSION" ]; then
      as_user "$bin/initdb" -D "$dir/data" -U meterstorm -A trust -E UTF8 --locale=C --no-sync >/dev/null
    fi
    options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='$dir'"
    for setting in "$@"; do options="$options -c ${setting%%=*}='${setting#*=}'"; done
    if ! as_user "$bin/pg_ctl" -D "$dir/data" -w -t 60 -s -l "$dir/log" -o "$options" start </dev/null; then
      tail -n 5 "$dir/log" >&2
      exit 1
    fi
    echo "postgres://meterstorm@127.0.0.1:$port/postgres"
    ;;
  kill) as_user "$bin/pg_ctl" -D "$dir/data" -w -s -m immediate stop ;;
  stop) as_user "$bin/pg_ctl" -D "$dir/data" -w -s -m fast stop ;;
  *) usage ;;
esac
