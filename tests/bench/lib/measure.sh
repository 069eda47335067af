#!/bin/bash
# One function per measure, for the system that runs now.  Sourced.
#
# Each writes samples, one JSON object a line, to $SAMPLES, and the same for
# people to stderr.  It fails when there is no figure to write and says why in
# WHY.

ROOM=15 # seconds a tool may take beyond its own time

# name value unit shown-value [more JSON members]
sample() {
	printf '{"system":"%s","repeat":%d,"measure":"%s","value":%s,"unit":"%s"%s}\n' \
	    "$SYS" "$REPEAT" "$1" "$2" "$3" "${5:+,$5}" >>"$SAMPLES"
	printf '%-24s %-20s %-14s %s\n' "$PROGRESS" "$SYS" "$1" "$4" >&2
}
div() { # a b factor digits: a / b * factor
	awk -v a="$1" -v b="$2" -v f="$3" -v d="$4" \
	    'BEGIN { printf "%.*f\n", d, b ? a / b * f : 0 }'
}

# ---- iperf3 ----
listening() {
	all_alive "$SERVER" && [ -n "$(in_ns B ss -Hltn "sport = :5201")" ]
}
# a server for one run, which is over when the client is
server_start() {
	spawn B /dev/null iperf3 -s -1 -B "$(peer_addr B)"
	SERVER=$SPAWNED
	WHY="iperf3 does not listen"
	wait_for 5 listening && return
	server_stop
	return 1
}
server_stop() {
	wait_for 2 none_alive "$SERVER" && return
	kill -9 "$SERVER" 2>/dev/null
	wait_for 2 none_alive "$SERVER"
}
# file option ...: what the client says goes to the file
iperf() {
	local out=$1 status
	shift
	server_start || return 1
	bounded $((RUN + ROOM)) ip netns exec "$(ns A)" iperf3 \
	    -c "$(peer_addr B)" -t "$RUN" -J "$@" >"$out" 2>&1
	status=$?
	server_stop
	[ $status -eq 0 ] && jq -e '.error == null' "$out" >/dev/null 2>&1 &&
		return
	WHY="iperf3 (status $status): $(jq -r .error "$out" 2>/dev/null |
		head -n 1)"
	return 1
}
keep() { # file name: with --out, what the tool said is kept
	[ -z "$OUT" ] || cp "$1" "$OUT/raw/$SYS-$REPEAT-$2"
}

# name option ...; leaves the octets that arrived in OCTETS
tcp() {
	local name=$1 out=$DIR/iperf bits used
	shift
	iperf "$out" -C cubic "$@" || return 1
	keep "$out" "$name.json"
	read -r bits OCTETS used <<<"$(jq -r '.end | "\(.sum_received.bits_per_second)
		\(.sum_received.bytes) \(.sender_tcp_congestion)"' "$out" |
		tr '\n' ' ')"
	[ "$used" = cubic ] || say "$SYS: TCP uses $used, not cubic"
	[ "$OCTETS" -gt 0 ] || return 1
	sample "$name" "$bits" bit/s "$(div "$bits" 1 1e-9 2) Gbit/s"
}

measure_tcp1() {
	local pids now d0 d1 m0 m1 _
	pids="$(side_pids A) $(side_pids B)"
	read -r m0 _ <<<"$(cpu_machine)"
	# shellcheck disable=SC2086
	d0=$(cpu_of $pids)
	tcp tcp1 || return 1
	# shellcheck disable=SC2086
	d1=$(cpu_of $pids)
	read -r m1 _ <<<"$(cpu_machine)"
	now="$(side_pids A) $(side_pids B)"
	if [ "$now" != "$pids" ]; then
		WHY="daemons died while measured"
		return 1
	fi
	cpu cpu_machine $((m1 - m0))
	[ -z "${pids// /}" ] || cpu cpu_daemons $((d1 - d0))
	tcp tcp1_rev -R
}
cpu() { # name ticks
	local v
	v=$(div "$2" "$OCTETS" $((1000000000 / TICKS)) 4)
	sample "$1" "$v" s/GB "$v s/GB"
}

measure_tcp4() {
	tcp tcp4 -P 4 && tcp tcp4_rev -P 4 -R
}

measure_udp64() {
	local out=$DIR/iperf sent got secs pps
	iperf "$out" -u -b 0 -l 64 || return 1
	keep "$out" udp64.json
	# octets that came are exact; iperf3's losses leave out a lost tail
	read -r sent got secs <<<"$(jq -r '.end | "\(.sum_sent.packets)
		\(.sum_received.bytes / 64) \(.sum_received.seconds)"' "$out" |
		tr '\n' ' ')"
	pps=$(div "$got" "$secs" 1 0)
	sample udp64 "$pps" packet/s "$(div "$pps" 1 1e-3 1) kpps" \
	    "\"sent\":$sent,\"received\":$got"
}

# ---- ping ----
# name file: p50 and p99 of the times of the replies, all of them in the JSON
pings() {
	local list n p50 p99
	keep "$2" "$1.txt"
	list=$(sed -n 's/.* time=\([0-9.]*\) ms$/\1/p' "$2" |
		awk '{ printf "%.0f\n", $1 * 1000 }')
	n=$(wc -w <<<"$list")
	WHY=$(tail -n 1 "$2")
	[ "$n" -gt 0 ] || return 1
	read -r p50 p99 <<<"$(sort -n <<<"$list" | awk '
		function rank(p) { i = int(p * NR); return i < p * NR ? i + 1 : i }
		{ t[NR] = $1 }
		END { print t[rank(0.5)], t[rank(0.99)] }')"
	sample "$1_p50" "$p50" us "$p50 us" \
	    "\"replies\":$n,\"times\":[$(tr '\n' ',' <<<"$list" | sed 's/,$//')]"
	sample "$1_p99" "$p99" us "$p99 us" "\"replies\":$n"
}

measure_ping() {
	local out=$DIR/ping
	rest 1 6
	if [ "$BUSY" -ge 10 ]; then
		say "warning: the machine is $BUSY % busy at rest ($SYS)"
	fi
	bounded $((PINGS / 10 + ROOM)) ip netns exec "$(ns A)" ping -n \
	    -i 0.05 -c "$PINGS" "$(peer_addr B)" >"$out" 2>&1
	pings ping "$out"
}

octets_sent() {
	in_ns A cat /sys/class/net/eth0/statistics/tx_bytes
}
flowing() { # octets at the start: a megabyte more than that
	[ "$(octets_sent)" -gt $(($1 + 1000000)) ]
}
# pings while a TCP connection runs that outlives them
pings_under_tcp() { # file octets-before
	WHY="no TCP"
	wait_for 5 flowing "$2" || return 1
	bounded $((RUN + ROOM)) ip netns exec "$(ns A)" ping -n \
	    -i 0.05 -c $((RUN * 20)) "$(peer_addr B)" >"$1" 2>&1
	WHY="the TCP connection broke"
	all_alive "$CLIENT"
}
measure_pingload() {
	local out=$DIR/pingload before status
	before=$(octets_sent)
	server_start || return 1
	spawn A /dev/null iperf3 -c "$(peer_addr B)" -C cubic \
	    -t $((RUN + ROOM))
	CLIENT=$SPAWNED
	pings_under_tcp "$out" "$before"
	status=$?
	kill -TERM "$CLIENT" "$SERVER" 2>/dev/null
	wait_for 2 none_alive "$CLIENT" || kill -9 "$CLIENT" 2>/dev/null
	server_stop
	[ $status -eq 0 ] && pings pingload "$out"
}

# ---- memory ----
memory_sample() { # idle|load PSS RSS
	# shellcheck disable=SC2034 # the main script says why
	WHY="no process to look at"
	[ "$2" -gt 0 ] || return 1
	sample "pss_$1" "$2" octet "$(div "$2" 1 1e-6 1) MB"
	sample "rss_$1" "$3" octet "$(div "$3" 1 1e-6 1) MB"
}
measure_memory_idle() {
	[ -n "${DAEMONS[A]}" ] || return 0
	rest 1 6
	# shellcheck disable=SC2046
	memory_sample idle $(memory_now)
}
# the largest of what was sampled during the other measures
measure_memory_load() {
	[ -s "$DIR/memory" ] || return 0
	# shellcheck disable=SC2046
	memory_sample load $(memory_peak <"$DIR/memory")
}
