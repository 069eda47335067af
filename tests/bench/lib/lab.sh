#!/bin/bash
# Two namespaces joined by one veth pair, and the daemons in them.  Sourced.
#
# A side is A (192.0.2.1, where clients run) or B (192.0.2.2).  Everything
# made is below $LAB or in the namespaces; lab_clean takes all of it away.
# A system's own file (peers/NAME) says how it is started; DIR is its folder.

MTU=1420
declare -A DAEMONS=([A]="" [B]="")

say() { echo "$*" >&2; }

num() { [ "$1" = A ] && echo 1 || echo 2; }
ns() { echo "mb-$$-$1"; }
# interface names must differ: some systems keep a socket per name for all
dev() { echo "mb$$$1"; }
underlay() { echo "192.0.2.$(num "$1")"; }
tunnel() { echo "10.98.0.$(num "$1")"; }
other() { [ "$1" = A ] && echo B || echo A; }
in_ns() { # side command ...
	local side=$1
	shift
	ip netns exec "$(ns "$side")" "$@"
}

lab_init() { # veth|nic
	local side
	LAB=$(mktemp -d /tmp/mesh-bench.XXXXXX) || return 1
	chmod 755 "$LAB"
	trap lab_clean EXIT
	trap 'say interrupted; exit 130' INT TERM HUP
	for side in A B; do
		ip netns add "$(ns $side)" || return 1
		ip -n "$(ns $side)" link set lo up
	done
	ip -n "$(ns A)" link add eth0 mtu 1500 type veth \
	    peer name eth0 mtu 1500 netns "$(ns B)" || return 1
	for side in A B; do
		ip -n "$(ns $side)" addr add "$(underlay $side)/24" dev eth0
		[ "$1" = veth ] || nic_like $side || return 1
		ip -n "$(ns $side)" link set eth0 up
	done
}

# A veth hands super-packets over uncut, which no wire does.  Without the
# transmit features the kernel cuts them just before the device, so that each
# datagram crosses alone; the receiver puts them together again by GRO as it
# does behind a network card.
nic_like() { # side
	in_ns "$1" ethtool -K eth0 tso off tx-udp-segmentation off gro on \
	    >/dev/null || return 1
	# the ring between both ends is short: wait before it, don't lose in it
	in_ns "$1" tc qdisc replace dev eth0 root pfifo limit 1000
}

# everything that runs in our namespaces
lab_pids() {
	local side
	for side in A B; do
		ip netns pids "$(ns $side)" 2>/dev/null
	done
}

lab_clean() {
	local side
	trap '' INT TERM HUP
	watch_memory_stop
	daemons_stop
	# shellcheck disable=SC2046
	kill -9 $(lab_pids) 2>/dev/null
	wait_for 3 no_lab_pids
	for side in A B; do
		ip netns del "$(ns $side)" 2>/dev/null
		rm -f "/var/run/wireguard/$(dev $side).sock"
	done
	rm -rf "$LAB"
}
no_lab_pids() { [ -z "$(lab_pids)" ]; }

# ---- waiting: always bounded, always for something ----
# bash's read -t would do without a fork, but 5.2 aborts when a trap exits in it
nap() { sleep "$1"; }
wait_for() { # seconds command ...: until it succeeds
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -le "$end" ] || return 1
		nap 0.05
	done
}
bounded() { # seconds command ...: a trap need not wait for it to end
	timeout -k 2 "$@" &
	wait $!
}

# ---- daemons ----
# sets SPAWNED to the process itself: in_ns would leave a shell around it
spawn() { # side file command ...: in the background, output to the file
	local side=$1 out=$2
	shift 2
	ip netns exec "$(ns "$side")" "$@" >>"$out" 2>&1 </dev/null &
	SPAWNED=$!
	disown $!
}
daemon() { # side command ...: started in the namespace and remembered
	local side=$1
	shift
	spawn "$side" "$DIR/$side.log" "$@"
	DAEMONS[$side]+=" $SPAWNED"
}

# the daemons of a side with all their descendants: a daemon's children may
# live in other network namespaces, so those can't be asked for them
side_pids() { # side
	# shellcheck disable=SC2086
	[ -z "${DAEMONS[$1]}" ] || ps -e -o pid=,ppid= | awk -v roots="${DAEMONS[$1]}" '
		{ parent[$1] = $2 }
		END {
			split(roots, r, " ")
			for (i in r)
				mine[r[i]] = r[i] in parent
			for (p in parent) {
				for (q = p; q in parent; q = parent[q])
					if (mine[q])
						break
				if (mine[q])
					print p
			}
		}' | sort -n | tr '\n' ' '
}
alive() { # pid; one that nobody has reaped yet is dead
	local state
	{ read -r _ _ state _ <"/proc/$1/stat"; } 2>/dev/null &&
		[ "$state" != Z ]
}
none_alive() { # pid ...
	local pid
	for pid; do
		! alive "$pid" || return 1
	done
}
all_alive() { # pid ...
	local pid
	for pid; do
		alive "$pid" || return 1
	done
}

daemons_stop() {
	local all
	all="$(side_pids A) $(side_pids B)"
	# shellcheck disable=SC2086
	{
		kill -TERM ${DAEMONS[A]} ${DAEMONS[B]} 2>/dev/null
		wait_for 5 none_alive $all || kill -9 $all 2>/dev/null
		wait_for 2 none_alive $all
	}
	DAEMONS=([A]="" [B]="")
}

# ---- one system ----
# What every peers/NAME may leave as it is.
peer_defaults() {
	peer_prepare() { :; }             # keys and files, once
	peer_up() { :; }                  # after both daemons: configure
	peer_addr() { tunnel "$1"; }
	peer_many() { return 1; }         # can it have $PEERS more peers?
}
package() { # name program: is it there?
	command -v "$2" >/dev/null || {
		echo "no $2 (package $1)"
		return 1
	}
}
package_version() {
	dpkg-query -W -f '${Version}' "$1" 2>/dev/null
}
have_dev() { # side
	ip -n "$(ns "$1")" link show "$(dev "$1")"
}
dev_up() { # side: address, MTU and up, for those that don't do it themselves
	wait_for 5 have_dev "$1" || return 1
	ip -n "$(ns "$1")" addr add "$(tunnel "$1")/16" dev "$(dev "$1")" &&
		ip -n "$(ns "$1")" link set "$(dev "$1")" mtu $MTU up
}
answers() {
	# shellcheck disable=SC2086
	all_alive ${DAEMONS[A]} ${DAEMONS[B]} || return 0
	in_ns A ping -n -q -c 1 -W 1 "$(peer_addr B)"
}

# "number key address" of $PEERS peers that never speak.  Any 32 octets are a
# public key; in base64 these are 43 digits, of the last one only four bits.
strangers() {
	base64 -w 43 </dev/urandom | head -n "$PEERS" | awk '{
		printf "%d %sA= 10.98.%d.%d\n", NR, substr($0, 1, 42),
		    4 + NR / 250, 1 + NR % 250
	}'
}

load_peer() { # name
	# shellcheck disable=SC2034 # what the samples are of
	SYS=$1
	DIR=$LAB/$1
	mkdir -p "$DIR"
	peer_defaults
	# shellcheck source=/dev/null
	. "$HERE/peers/$1"
}

system_start() {
	: >"$DIR/A.log"
	: >"$DIR/B.log"
	peer_start B && peer_start A && peer_up &&
		wait_for 20 answers || return 1
	# shellcheck disable=SC2086
	all_alive ${DAEMONS[A]} ${DAEMONS[B]}
}
system_stop() {
	local side
	daemons_stop
	for side in A B; do
		ip -n "$(ns $side)" link del "$(dev $side)" 2>/dev/null
	done
}
