# shellcheck shell=bash
# A lab of real nodes on this machine: network namespaces joined by a bridge.
#
#	lab_init NAME                 namespaces are called NAME-PID-*
#	lab_host alpha 1              namespace with 192.0.2.1/24, 2001:db8::1/64
#	lab_node alpha 1 [line ...]   ... and a mesh node: 10.99.0.1, fd99::1
#	lab_peer alpha beta [line ...]   a peer block of beta in alpha's file
#	lab_start alpha; lab_wait alpha; lab_stop alpha
#	in_ns alpha ping ...; ctl alpha status
#
# Nodes that belong to a network, by meshctl alone:
#	net_node alpha 1                namespace and directories
#	node_init alpha [option ...]    the first one; it has the authority
#	t=$(node_invite alpha beta [option ...])
#	node_join beta "$t" [option ...]
#	net_up alpha; ... $(node_ip beta)    their addresses in the overlay
#
# A bad wire instead of the bridge between some of them (tests/tools/wire):
#	wire_up alpha beta              [WIRE_SEED=n]
#	wire_say "alpha->beta from 40000 delay 80ms" "at 2s alpha<->beta drop"
#	wire_value 'alpha->beta' lost   what became of frames, when last said
#	wire_down
#
# All files are below $LAB; lab_clean (on EXIT, also by Ctrl-C) removes files,
# processes and namespaces.  BUILD is the build directory (default build).

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-$ROOT/build}
case $BUILD in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
declare -A NUM PARENT
EXTRA_CLEAN=()

lab_init() {
	LABNAME=$1-$$
	LAB=$(mktemp -d "/tmp/$1.XXXXXX")
	chmod 755 "$LAB"
	trap lab_clean EXIT
	trap 'exit 130' INT TERM HUP
	ip netns add "$LABNAME-net"
	ip -n "$LABNAME-net" link add br0 type bridge
	ip -n "$LABNAME-net" link set br0 up
}

lab_clean() {
	local ns pid i
	trap '' INT TERM HUP
	for i in "${EXTRA_CLEAN[@]}"; do
		eval "$i"
	done
	for i in "${!PARENT[@]}"; do
		kill -TERM "${PARENT[$i]}" 2>/dev/null
	done
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		pid=$(for ns in $(ip netns list 2>/dev/null |
			awk -v p="$LABNAME-" 'index($1, p) == 1 {print $1}'); do
			ip netns pids "$ns" 2>/dev/null
		done)
		[ -n "$pid" ] || break
		# shellcheck disable=SC2086
		[ "$i" -lt 10 ] || kill -9 $pid 2>/dev/null
		sleep 0.1
	done
	for ns in $(ip netns list 2>/dev/null |
		awk -v p="$LABNAME-" 'index($1, p) == 1 {print $1}'); do
		ip netns del "$ns"
	done
	[ -z "${KEEP:-}" ] && rm -rf "$LAB"
}

ns() { echo "$LABNAME-$1"; }
in_ns() { # name command ...
	local n=$1
	shift
	ip netns exec "$LABNAME-$n" "$@"
}

lab_host() { # name number
	NUM[$1]=$2
	ip netns add "$LABNAME-$1"
	ip -n "$LABNAME-$1" link set lo up
	ip -n "$LABNAME-$1" link add eth0 type veth peer name "v-$1" \
	    netns "$LABNAME-net"
	ip -n "$LABNAME-net" link set "v-$1" master br0 up
	ip -n "$LABNAME-$1" addr add "192.0.2.$2/24" dev eth0
	ip -n "$LABNAME-$1" addr add "2001:db8::$2/64" dev eth0 nodad
	ip -n "$LABNAME-$1" link set eth0 up
}

conf_of() { echo "$LAB/$1/mesh.conf"; }

lab_node() { # name number [line ...]: lines go to the end of the file
	local n=$1 i=$2
	shift 2
	[ -n "${NUM[$n]:-}" ] || lab_host "$n" "$i"
	NUM[$n]=$i
	mkdir -p "$LAB/$n/run"
	"$BUILD/meshctl" keygen -o "$LAB/$n/key" >"$LAB/$n/pub" || return 1
	{
		cat <<-EOF
		identity { name $n, key file $LAB/$n/key }
		tunnel {
			address 10.99.0.$i/16
			address fd99::$i/64
			subnet 10.99.0.0/16
			subnet fd99::/64
		}
		EOF
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >"$(conf_of "$n")"
}

pub_of() { cat "$LAB/$1/pub"; }

lab_peer() { # of name [line ...]; NOEND=1: without endpoint
	local of=$1 n=$2 l
	shift 2
	{
		echo "peer $n {"
		echo "	public key \"$(pub_of "$n")\""
		echo "	address 10.99.0.${NUM[$n]}"
		echo "	address fd99::${NUM[$n]}"
		[ -n "${NOEND:-}" ] ||
			echo "	endpoint 192.0.2.${NUM[$n]} port 51820"
		for l in "$@"; do
			echo "	$l"
		done
		echo "}"
	} >>"$(conf_of "$of")"
}

lab_start() { # name [option ...]
	local n=$1
	shift
	# not in_ns: $! must be tunnel-priv itself, not a shell around it
	ip netns exec "$LABNAME-$n" "$BUILD/tunnel-priv" -d \
	    -f "$(conf_of "$n")" -R "$LAB/$n/run" -L "${LIBEXEC:-$BUILD}" "$@" \
	    >>"$LAB/$n/log" 2>&1 &
	PARENT[$n]=$!
}

lab_wait() { # name [seconds]: all its processes are up
	local n=$1 i
	for ((i = 0; i < ${2:-10} * 20; i++)); do
		kill -0 "${PARENT[$n]}" 2>/dev/null || break
		if ctl "$n" --json status 2>/dev/null |
			tr -d ' \n' | grep -q '"state":"up"' &&
			! ctl "$n" --json status 2>/dev/null | tr -d ' \n' |
			grep -qE '"state":"(starting|down|waiting)"'; then
			return 0
		fi
		sleep 0.05
	done
	echo "node $n did not come up:" >&2
	tail -n 20 "$LAB/$n/log" >&2
	return 1
}

lab_stop() { # name
	kill -TERM "${PARENT[$1]}" 2>/dev/null
	wait "${PARENT[$1]}" 2>/dev/null
	local status=$?
	unset "PARENT[$1]"
	return $status
}

ctl() { # name verb ...
	local n=$1
	shift
	"$BUILD/meshctl" -R "$LAB/$n/run" "$@"
}

pid_of() { # name process (priv, tun, keyd, p2p-engine, discoveryd, control)
	local priv
	priv=$(pgrep -P "${PARENT[$1]}" -x priv) || return 1
	if [ "$2" = priv ]; then
		echo "$priv"
	else
		pgrep -P "$priv" -x "$2"
	fi
}

# ---- three nodes that all know each other ----
lab_three() { # [line ...] for every node
	local a b
	for a in alpha:1 beta:2 gamma:3; do
		lab_node "${a%:*}" "${a#*:}" "$@" || return 1
	done
	for a in alpha beta gamma; do
		for b in alpha beta gamma; do
			[ $a = $b ] || lab_peer $a $b
		done
	done
}

# ---- nodes that belong to a network ----
net_node() { # name number
	[ -n "${NUM[$1]:-}" ] || lab_host "$1" "$2"
	mkdir -p "$LAB/$1/run" "$LAB/$1/state"
}
mesh_setup() { # name verb ...: with its own files, without a service manager
	local n=$1 verb=$2
	shift 2
	in_ns "$n" "$BUILD/meshctl" -R "$LAB/$n/run" -f "$(conf_of "$n")" \
	    -S "$LAB/$n/state" "$verb" "$@"
}
# START=1: init and join start the node, as they do by themselves; else
# lab_start does, in the foreground and with its log in a file
started() { # name
	[ -n "${START:-}" ] || return 0
	PARENT[$1]=$(pgrep -o -f -- "tunnel-priv -f $(conf_of "$1") ")
}
node_init() { # name [option ...]
	local n=$1
	shift
	[ -n "${START:-}" ] || set -- --no-start "$@"
	mesh_setup "$n" init --node "$n" --prefix 10.77.0.0/16 "$@" || return 1
	started "$n"
}
node_invite() { # from newcomer [option ...]: prints the token
	local from=$1 who=$2
	shift 2
	mesh_setup "$from" invite "$@" "$who" 2>"$LAB/invite.err" |
		grep -o 'mesh1-[0-9A-Za-z-]*' && return
	cat "$LAB/invite.err" >&2
	return 1
}
node_join() { # name token [option ...]
	local n=$1 token=$2
	shift 2
	[ -n "${START:-}" ] || set -- --no-start "$@"
	mesh_setup "$n" join "$@" "$token" || return 1
	started "$n"
}
net_up() { # name ...: started, and all processes are up
	local n
	for n in "$@"; do
		[ -n "${PARENT[$n]:-}" ] || lab_start "$n"
	done
	for n in "$@"; do
		lab_wait "$n" || return 1
	done
}
# until_ok SECONDS command ...: tries until it succeeds, at least once
until_ok() {
	local end=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME/[.,]/}" -lt "$end" ] || return 1
		sleep 0.2
	done
}
# net_known NAME ...: waits until others have their records.  It does not say
# "published" earlier: that counts what was begun.
net_known_now() { ctl "$1" --json dht | grep -q '"published_at": *"'; }
net_known() {
	local n
	for n in "$@"; do
		until_ok 60 net_known_now "$n" && continue
		echo "nobody has the records of $n"
		ctl "$n" dht
		return 1
	done
}
node_ip() { # name: its IPv4 address in the overlay
	ctl "$1" --json status | grep -oE '"10\.[0-9.]+/' | head -n 1 | tr -d '"/'
}
node_ip6() {
	ctl "$1" --json status | grep -oE '"fd[0-9a-f:]+/' | head -n 1 | tr -d '"/'
}
counter() { # name counter [process]: its value, all processes together
	ctl "$1" counters | awk -v c="$2" '{ for (i = 1; i < NF; i++)
		if ($i == c) sum += $(i + 1) } END { print sum + 0 }'
}
count_of() { # name counter: also those that are not drops
	ctl "$1" counters -a | awk -v c="$2" '{ for (i = 1; i < NF; i++)
		if ($i == c) sum += $(i + 1) } END { print sum + 0 }'
}
pings() { # from to [count]: by the names of nodes; every one must be answered
	in_ns "$1" ping -n -q -c "${3:-2}" -i 0.1 -W 3 "$(node_ip "$2")"
}
# net_option NAME option value: in its discovery block
net_option() {
	local conf
	conf=$(conf_of "$1")
	sed -i -E "/^discovery/,/^\}/{/^[[:space:]]*$2[[:space:]]/d}" "$conf"
	if grep -q '^discovery' "$conf"; then
		sed -i -E "s|^discovery[[:space:]]*\\{|&\n\t$2 $3\n|" "$conf"
	else
		printf 'discovery { %s %s }\n' "$2" "$3" >>"$conf"
	fi
}
# one number out of JSON, from standard input: its first value, 0 if absent
json_number() { # key
	tr -d ' \n' | grep -oE "\"$1\":[0-9]+" | head -n 1 |
		awk -F: '{ n = $2 } END { print n + 0 }'
}
crl_of() { ctl "$1" --json network | json_number revocation_list_number; }
# the members that it knows but itself, a line each, in order
members_of() { ctl "$1" -H network | awk '$1 == "members" { print $2 }' | sort; }
name_of() { ctl "$1" -H network | awk '$1 == "name" { print $2 }'; }
key_of() { "$BUILD/meshctl" pubkey "$LAB/$1/state/identity.key"; }
dht_port() { # of a node, by its file
	local port
	port=$(sed -nE 's/^[[:space:]]*dht listen on .* port ([0-9]+).*/\1/p' \
	    "$(conf_of "$1")")
	echo "${port:-6881}"
}
now_ms() { echo $(($(date +%s%N) / 1000000)); }

# ---- a bad wire ----
# wire_up NAME NAME ...: they leave the bridge.  Super-frames are cut before.
wire_up() {
	local n i ends=()
	for n in "$@"; do
		ip -n "$LABNAME-net" link set "v-$n" nomaster || return 1
		in_ns "$n" ethtool -K eth0 tso off gso off \
		    tx-udp-segmentation off >/dev/null 2>&1
		ends+=("$n=v-$n")
	done
	WIRE_ENDS=("$@")
	WIRE_ASKED=0
	rm -f "$LAB/wire.in"
	mkfifo "$LAB/wire.in"
	exec {WIRE_IN}<>"$LAB/wire.in"
	ip netns exec "$LABNAME-net" "$BUILD/tools/wire" \
	    -s "${WIRE_SEED:-1}" "${ends[@]}" <"$LAB/wire.in" \
	    >"$LAB/wire.out" 2>"$LAB/wire.err" &
	WIRE_PID=$!
	EXTRA_CLEAN+=("kill -TERM $WIRE_PID 2>/dev/null")
	for ((i = 0; i < 100; i++)); do
		grep -q '^ready' "$LAB/wire.out" && return 0
		kill -0 "$WIRE_PID" 2>/dev/null || break
		sleep 0.05
	done
	cat "$LAB/wire.err" >&2
	return 1
}
wire_say() { # line ...; 1: it is not understood
	printf '%s\n' "$@" stats >&"$WIRE_IN"
	local i n
	n=$((WIRE_ASKED += 1))
	for ((i = 0; i < 200; i++)); do
		[ "$(grep -c '^stats' "$LAB/wire.out")" -ge "$n" ] && break
		sleep 0.02
	done
	[ ! -s "$LAB/wire.err" ] || { cat "$LAB/wire.err"; return 1; }
}
wire_down() { # back to the bridge; the last figures are in $LAB/wire.out
	local n
	kill -TERM "$WIRE_PID" 2>/dev/null
	wait "$WIRE_PID" 2>/dev/null
	exec {WIRE_IN}>&-
	unset 'EXTRA_CLEAN[-1]'
	for n in "${WIRE_ENDS[@]}"; do
		ip -n "$LABNAME-net" link set "v-$n" master br0
	done
}
# wire_value LINE-BEGINNING FATE: as it was said last; 0: no such line
wire_value() {
	awk -v p="$1 " -v k="$2=" 'index($0, p) == 1 { v = 0
		for (i = 2; i <= NF; i++)
			if (index($i, k) == 1) v = substr($i, length(k) + 1) }
		END { print v + 0 }' "$LAB/wire.out"
}

# ---- ping as a measuring device ----
# ---- one way only: datagrams that nobody answers ----
datagrams() { # file: those that arrived; prints the longest gap, ms
	awk '{ t = $1 + 0; if (last && t - last > gap) gap = t - last; last = t }
		END { printf "%d\n", gap * 1000 }' "$1"
}
receiver() { # node file seconds: the time of each datagram to port 9999
	ip netns exec "$(ns "$1")" timeout "$3" python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 9999))
while True:
    s.recv(64)
    print("%.4f" % time.monotonic(), flush=True)
' >"$2" 2>/dev/null &
}
sender() { # node address seconds: a datagram each 20 ms
	ip netns exec "$(ns "$1")" timeout "$3" python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    try:
        s.sendto(b"x", (sys.argv[1], 9999))
    except OSError:
        pass
    time.sleep(0.02)
' "$2" &
}

# gap_start NAME ADDRESS FILE: 50 pings a second until gap_stop FILE
gap_start() {
	ip netns exec "$LABNAME-$1" ping -n -D -i 0.02 -W 1 "$2" >"$3" 2>&1 &
	echo $! >"$3.pid"
}
# prints: sent received largest-gap-ms.  Those that are on their way when it is
# stopped are not counted as sent: what was sent in the last 40 ms, or the
# longest time that an answer took before, at most half a second.
gap_stop() {
	kill -INT "$(cat "$1.pid")" 2>/dev/null
	wait "$(cat "$1.pid")" 2>/dev/null
	awk '/bytes from/ {
		t = substr($1, 2) + 0
		if (last && t - last > gap) gap = t - last
		last = t
		r++
		split($0, f, "icmp_seq=")
		seq = f[2] + 0
		if (seq > top) top = seq
		split($0, f, "time=")
		if (f[2] + 0 > took) took = f[2] + 0
	}
	/packets transmitted/ { s = $1 }
	END {
		way = took < 40 ? 2 : took < 500 ? int(took / 20) + 1 : 25
		if (s - top <= way) s = top
		printf "%d %d %d\n", s, r, gap * 1000
	}' "$1"
}

# ---- results ----
PASSED=0
FAILED=0
ok() {
	echo "ok   $*"
	PASSED=$((PASSED + 1))
}
bad() {
	echo "FAIL $*"
	FAILED=$((FAILED + 1))
}
check() { # what command ...: ok if it succeeds
	local what=$1
	shift
	if "$@" >"$LAB/out" 2>&1; then
		ok "$what"
	else
		bad "$what"
		tail -n 15 "$LAB/out"
	fi
}
check_not() { # what command ...: ok if it fails
	local what=$1
	shift
	if "$@" >"$LAB/out" 2>&1; then
		bad "$what"
		tail -n 15 "$LAB/out"
	else
		ok "$what"
	fi
}
lab_result() {
	local n
	if [ "$FAILED" -ne 0 ]; then
		for n in $(printf '%s\n' "${!NUM[@]}" | sort | head -n 6); do
			[ -f "$LAB/$n/log" ] || continue
			echo "--- log of $n"
			tail -n 25 "$LAB/$n/log"
		done
	fi
	echo "$(basename "$0"): $PASSED passed, $FAILED failed"
	[ "$FAILED" -eq 0 ]
}

# named NODE REASON TARGET: it was counted, the list of drops has it, and why
# names it for who asks about the name, address or packet TARGET
named() {
	local n=$1 reason=$2 i
	shift 2
	for i in 1 2 3 4 5 6 7 8 9 10; do # books are closed when a turn ends
		[ "$(counter "$n" "$reason")" -gt 0 ] && break
		sleep 0.2
	done
	[ "$i" -lt 10 ] || [ "$(counter "$n" "$reason")" -gt 0 ] ||
		{ bad "$reason: not counted"; return; }
	check "$reason: among the drops of $n" eval \
	    "ctl $n -H drops | grep -qw $reason"
	if ctl "$n" --json why "$@" | tr -d ' \n' |
		grep -q "\"reason\":\"$reason\""; then
		ok "$reason: why $* names it"
	else
		bad "$reason: why $* does not name it"
		ctl "$n" why "$@" | sed 's/^/     /'
	fi
}

# every border of every process balances
books_balance() { # name
	ctl "$1" --json status | tr -d ' \n' |
		grep -o '"unaccounted_packets":-\?[0-9]*' | grep -v ':0$' && return 1
	ctl "$1" --json status | tr -d ' \n' | grep -q '"unaccounted_packets":0'
}
