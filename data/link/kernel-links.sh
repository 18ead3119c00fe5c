# What follows is the same in every script of this kind. Above: what it is made of (see docs/links-tc.md).

HANDLE=4d53                # of the class trees; a packet whose priority is 4d53:N goes to class N without any filter
LOST=$HANDLE:ffff          # the class of packets over the rate: netem loses them, and the sender is not told
IFB=ms-link                # what arrives is delayed here
TABLE=meterstorm_link

say() { printf 'meterstorm-link: %s\n' "$*" >&2; }
wrong() { say "$*"; exit 2; }
failed() { say "$*"; exit 1; }

usage() {
  cat >&2 <<'USAGE'
usage: sh SCRIPT [start|check|undo|show] --dev IFACE [--loopback] [--force]
  start       puts the lines on IFACE; again: the same state, with fresh queues (what is under way is lost)
  check       changes nothing; says whether the lines are in place, and tries them in a network namespace of its own
  undo        takes away what start made, and gives IFACE back what it had
  show        prints what start gives to tc, nft and iptables
  --dev       the interface towards the head-end; or METERSTORM_DEV in the environment
  --loopback  IFACE is lo, and that is meant
  --force     IFACE carries the default route, this SSH connection or a queueing discipline of its own, and that is meant
USAGE
  exit 2
}

# ---- what must not be touched

# SSH_CONNECTION of this shell or of whoever started it: sudo takes the variable away.
ssh_connection() {
  if [ -n "${SSH_CONNECTION:-}" ]; then echo "$SSH_CONNECTION"; return; fi
  pid=$PPID
  while [ "${pid:-0}" -gt 1 ]; do
    found=$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | sed -n 's/^SSH_CONNECTION=//p') || found=
    if [ -n "$found" ]; then echo "$found"; return; fi
    pid=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$pid/status" 2>/dev/null) || pid=0
  done
}

# The words after `dev` in what ip says.
devices() { tr '\\ ' '\n\n' | sed -n '/^dev$/{n;p;}' | sort -u; }

guard() {
  [ "$(id -u)" = 0 ] || wrong "this needs root"
  ip link show dev "$DEV" >/dev/null 2>&1 || wrong "$DEV: there is no such interface; \`ip -br link\` lists them"
  if [ "$DEV" = lo ]; then
    [ "$ON_LOOPBACK" = yes ] || wrong "lo: every local program uses it, and both directions cross it; if concentrators and head-end are on this machine and that is meant, add --loopback; otherwise name the interface towards the head-end"
  elif [ "$LOOPBACK_BLOCK" = yes ]; then
    wrong "$DEV: the addresses $BLOCK never leave lo; add --dev lo --loopback, or make the script again with --first-address of the block that is routed to this machine"
  fi
  [ "$FORCE" = no ] || return 0
  if { ip -o -4 route show default; ip -o -6 route show default; } 2>/dev/null | devices | grep -qxF "$DEV"; then
    wrong "$DEV carries the default route; name another interface, or add --force"
  fi
  ssh=$(ssh_connection)
  if [ -n "$ssh" ]; then
    set -- $ssh
    ours=$(ip -o addr show to "${3:-none}" 2>/dev/null | sed -n 's/^[0-9]*: *\([^ ]*\).*/\1/p')
    theirs=$(ip -o route get "${1:-none}" 2>/dev/null | devices)
    if printf '%s\n' "$ours" "$theirs" | grep -qxF "$DEV"; then
      wrong "$DEV carries this SSH connection; name another interface, or add --force"
    fi
  fi
  handle=$(root_handle "$DEV")
  case $handle in
    '' | 0: | "$HANDLE:") ;;
    *) wrong "$DEV has a queueing discipline of its own ($handle), which undo would not bring back; add --force if that is meant" ;;
  esac
}

tools() {
  for tool in ip tc nft $([ "$LIMITER" = nft ] || echo iptables iptables-restore); do
    command -v "$tool" >/dev/null 2>&1 || wrong "$tool is not here; on Debian: apt-get install iproute2 nftables iptables"
  done
}

# Without it tc reckons with another clock, and delays come out 15 times too short.
clock() { [ -r /proc/net/psched ] || wrong "/proc/net/psched can't be read; mount /proc"; }

root_handle() { tc qdisc show dev "$1" 2>/dev/null | sed -n 's/^qdisc [^ ]* \([^ ]*\) root .*/\1/p' | head -n 1; }

# ---- start

# Words of the note that start leaves in the kernel: interface, gso_max_segs, MTU, GRO before it came, and of which script.
note_of() {
  link=$(ip -d -o link show dev "$DEV")
  gso=$(printf '%s\n' "$link" | sed -n 's/.* gso_max_segs \([0-9]*\).*/\1/p')
  mtu=$(printf '%s\n' "$link" | sed -n 's/.* mtu \([0-9]*\).*/\1/p')
  gro=unknown
  if [ "$DEV" != lo ] && command -v ethtool >/dev/null 2>&1; then
    gro=$(ethtool -k "$DEV" 2>/dev/null | sed -n 's/^generic-receive-offload: \([a-z]*\).*/\1/p')
  fi
  echo "$DEV ${gso:-unknown} ${mtu:-unknown} ${gro:-unknown} $FINGERPRINT"
}

note() { nft -t list table ip "$TABLE" 2>/dev/null | sed -n 's/^[^a-z]*comment "\(.*\)"$/\1/p'; }

apply() {
  nft add table ip "$TABLE" "{ comment \"$(note_of)\"; }" || return 1
  one_packet_each || return 1
  if [ "$DEV" = lo ]; then
    tree lo 2 | tc -batch - || return 1
  else
    tree "$DEV" 1 | tc -batch - || return 1
    ip link add "$IFB" type ifb && ip link set dev "$IFB" up || return 1
    tree "$IFB" 1 | tc -batch - || return 1
  fi
  rules | nft -f - || return 1
  if [ "$LIMITER" = hashlimit ]; then hashlimits | iptables-restore --noflush || return 1; fi
}

# A packet is what the line carries: not 64 kB that the interface would cut later, or has put together on arrival.
one_packet_each() {
  ip link set dev "$DEV" gso_max_segs 1 || return 1
  if [ "$DEV" = lo ]; then ip link set dev lo mtu 1500; return; fi
  if command -v ethtool >/dev/null 2>&1; then
    ethtool -K "$DEV" gro off 2>/dev/null || say "$DEV: GRO can't be turned off; several packets that arrive together may count as one"
  else
    say "ethtool is not here, so GRO stays as it is; several packets that arrive together may count as one"
  fi
}

rules() {
  echo "table ip $TABLE {"
  class_map
  sets up
  chain up 'postrouting priority mangle - 10' "oifname != \"$DEV\"" saddr
  if [ "$DEV" = lo ]; then
    sets down
    chain down 'postrouting priority mangle - 10' "oifname != \"lo\"" daddr
    echo '}'
    return
  fi
  # Before the packet gets anywhere: nft says its class and hands it to the ifb, which gives it back when its time has come.
  echo '}'
  echo "table netdev $TABLE {"
  class_map
  sets down
  chain down "ingress device \"$DEV\" priority 0" '' daddr "$IFB"
  echo '}'
}

class_map() {
  echo ' map class_of { type ipv4_addr : classid; flags interval; elements = {'
  elements
  echo ' } }'
}

# A bucket for each address.
sets() {
  [ "$LIMITER" = nft ] || return 0
  groups | while read -r group stations rate burst expire classes; do
    echo " set $1_$group { type ipv4_addr; size $stations; flags dynamic; }"
  done
}

# Name, hook, whom it leaves alone, saddr or daddr, and the device that takes over.
chain() {
  printf ' chain %s {\n  type filter hook %s; policy accept;\n' "$1" "$2"
  [ -z "$3" ] || echo "  $3 accept"
  echo "  ip $4 != $BLOCK accept"
  echo "  meta priority set ip $4 map @class_of"
  groups | while read -r group stations rate burst expire classes; do
    if [ "$LIMITER" = nft ]; then
      echo "  meta priority { $classes } add @$1_$group { ip $4 limit rate over $rate burst $burst packets } meta priority set $LOST"
    else
      echo "  meta priority { $classes } meta mark set $(mark "$1" "$group")"
    fi
  done
  [ -z "${5:-}" ] || echo "  ip $4 $BLOCK fwd to \"$5\""
  echo ' }'
}

# hashlimit knows no classes; the mark says which limit holds.
mark() { if [ "$1" = up ]; then printf '0x4d530%03x' "$2"; else printf '0x4d540%03x' "$2"; fi; }

hashlimits() {
  echo '*mangle'
  echo ':METERSTORM-UP - [0:0]'
  echo ':METERSTORM-DOWN - [0:0]'
  echo "-I POSTROUTING -o $DEV -j METERSTORM-UP"
  hashlimit up srcip "CLASSIFY --set-class $LOST"
  if [ "$DEV" = lo ]; then
    echo "-I POSTROUTING -o lo -j METERSTORM-DOWN"
    hashlimit down dstip "CLASSIFY --set-class $LOST"
  else
    echo "-I PREROUTING -i $DEV -j METERSTORM-DOWN"
    hashlimit down dstip DROP
  fi
  echo COMMIT
}

hashlimit() {
  chain=$([ "$1" = up ] && echo METERSTORM-UP || echo METERSTORM-DOWN)
  groups | while read -r group stations rate burst expire classes; do
    echo "-A $chain -m mark --mark $(mark "$1" "$group") -m hashlimit --hashlimit-above $rate --hashlimit-burst $burst" \
      "--hashlimit-mode $2 --hashlimit-htable-size $stations --hashlimit-htable-max $stations --hashlimit-htable-expire $expire" \
      "--hashlimit-name ms-$1-$group -j $3"
  done
}

# ---- undo

# Leaves nothing of what start made, however far it got.
undo() {
  set -- $(note)
  on=${1:-$DEV}
  if command -v iptables >/dev/null 2>&1; then
    drop_chain POSTROUTING METERSTORM-UP
    drop_chain POSTROUTING METERSTORM-DOWN
    drop_chain PREROUTING METERSTORM-DOWN
  fi
  nft delete table netdev "$TABLE" 2>/dev/null || :
  ip link del dev "$IFB" 2>/dev/null || :
  if [ -n "$on" ] && [ "$(root_handle "$on")" = "$HANDLE:" ]; then tc qdisc del dev "$on" root; fi
  if [ $# -ge 4 ]; then
    [ "$2" = unknown ] || ip link set dev "$on" gso_max_segs "$2" 2>/dev/null || :
    [ "$on" != lo ] || [ "$3" = unknown ] || ip link set dev lo mtu "$3"
    [ "$4" != on ] || ethtool -K "$on" gro on 2>/dev/null || :
  fi
  nft delete table ip "$TABLE" 2>/dev/null || :
}

drop_chain() {
  iptables -t mangle -S "$2" >/dev/null 2>&1 || return 0
  iptables -t mangle -S "$1" | sed -n "s/^-A \(.* -j $2\)\$/\1/p" | while read -r rule; do
    iptables -t mangle -D $rule
  done
  if ! iptables -t mangle -S | grep -q -- "-j $2\$"; then iptables -t mangle -F "$2" && iptables -t mangle -X "$2"; fi
}

# ---- check

in_place() {
  set -- $(note)
  [ $# -ge 5 ] || { echo "lines: not in place"; return 1; }
  if [ -n "$DEV" ] && [ "$1" != "$DEV" ]; then echo "lines: in place on $1, not on $DEV"; return 1; fi
  DEV=$1
  if [ "$5" != "$FINGERPRINT" ]; then echo "lines: in place on $DEV, but from another script"; return 1; fi
  found=$(nft list map ip "$TABLE" class_of 2>/dev/null | grep -o " : $HANDLE:" | wc -l)
  for device in "$DEV" $([ "$DEV" = lo ] || echo "$IFB"); do
    netems=$(tc qdisc show dev "$device" 2>/dev/null | grep -c " parent $HANDLE:") || :
    if [ "$(root_handle "$device")" != "$HANDLE:" ] || [ "$netems" != $((CLASSES + 1)) ]; then
      echo "lines: not whole on $DEV: $device has $netems of $((CLASSES + 1)) classes"
      return 1
    fi
  done
  if [ "$found" != "$RUNS" ]; then echo "lines: not whole on $DEV: $found of $RUNS ranges of addresses"; return 1; fi
  if [ "$DEV" != lo ] && ! nft list chain netdev "$TABLE" down >/dev/null 2>&1; then
    echo "lines: not whole on $DEV: nothing is done to what arrives"
    return 1
  fi
  echo "lines: in place on $DEV, $STATIONS stations in $CLASSES categories"
}

# All of start, on an interface of the same name in a network namespace that goes when the command ends.
rehearsal() {
  if [ ! -f "$0" ]; then echo "kernel: not tried; the script must be a file for that"; return; fi
  if complaint=$(unshare -n sh "$0" rehearse --dev "${DEV:-ms-try}" 2>&1); then
    echo "kernel: takes all of it"
  else
    printf '%s\n' "$complaint" | sed 's/^/kernel: /'
    return 1
  fi
}

rehearse() {
  if [ "$DEV" != lo ]; then ip link add "$DEV" type ifb && ip link set dev "$DEV" up || return 1; fi
  apply
}

show() {
  echo '# tc -batch'
  if [ "$DEV" = lo ]; then tree lo 2; else tree "$DEV" 1; tree "$IFB" 1; fi
  echo '# nft -f'
  rules
  [ "$LIMITER" = nft ] || { echo '# iptables-restore --noflush'; hashlimits; }
}

# ---- the command

COMMAND=start
DEV=${METERSTORM_DEV:-}
ON_LOOPBACK=no
FORCE=no
case ${1:-} in
  start | check | undo | show | rehearse) COMMAND=$1; shift ;;
esac
while [ $# -gt 0 ]; do
  case $1 in
    --dev) [ $# -ge 2 ] || usage; DEV=$2; shift ;;
    --dev=*) DEV=${1#--dev=} ;;
    --loopback) ON_LOOPBACK=yes ;;
    --force) FORCE=yes ;;
    *) say "found \`$1\`"; usage ;;
  esac
  shift
done
case $DEV in
  *[!A-Za-z0-9._:@-]*) wrong "--dev: found \`$DEV\`; an interface is named with letters, digits and . _ : @ -" ;;
esac

case $COMMAND in
  start)
    [ -n "$DEV" ] || usage
    tools
    clock
    guard
    undo
    trap 'undo; exit 130' INT TERM
    if ! apply; then undo; failed "it could not be put in place, and what was done is undone; \`check\` tries it apart from all else"; fi
    echo "lines of $SCENARIO on $DEV: $STATIONS stations in $CLASSES categories. Play with --set network.links=ignored and --speed 1."
    ;;
  check)
    tools
    [ "$(id -u)" = 0 ] || wrong "this needs root"
    state=0
    in_place || state=1
    rehearsal || state=1
    exit "$state"
    ;;
  undo)
    [ "$(id -u)" = 0 ] || wrong "this needs root"
    tools
    undo
    echo "no lines are left"
    ;;
  show) [ -n "$DEV" ] || usage; show ;;
  rehearse) clock; rehearse ;;
esac
