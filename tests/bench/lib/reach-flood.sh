#!/bin/bash
# A flood of datagrams at a node: what its peer's pings through the tunnel and
# a newcomer notice of it.  Sourced.

# flood_at SECONDS option ...: from the host "crowd", in the background
flood_at() {
	local s=$1
	shift
	ip netns exec "$(ns crowd)" "$BUILD/tools/flooder" -d "$s" "$@" \
	    >"$LAB/flood.out" 2>"$LAB/flood.err" &
	FLOOD=$!
	EXTRA_CLEAN+=("kill $FLOOD 2>/dev/null")
	sleep 0.5
	kill -0 $FLOOD 2>/dev/null && return
	cat "$LAB/flood.err" >&2
	return 1
}
flood_over() {
	kill "$FLOOD" 2>/dev/null
	wait "$FLOOD" 2>/dev/null
}
flood_rate() { sed -n 's/.*rate=//p' "$LAB/flood.out"; }

flood_head() {
	printf '\n%s\n%-32s %-13s %7s %7s %7s %8s %8s %8s  %s\n' \
	    "Flood: pings through the tunnel, 50 a second (RTT in ms)" \
	    WHAT SYSTEM RATE SENT LOST% RTT-P50 RTT-P99 RTT-MOST AIM
}
# flood_row WHAT SYSTEM FILE RATE [most % lost, p99]
flood_row() {
	local what=$1 sys=$2 file=$3 rate=$4 sent got
	read -r sent got _ <<<"$(gap_stop "$file")"
	sed -n 's/.*time=\([0-9.]*\) ms.*/\1/p' "$file" | sort -g |
		awk -v what="$what" -v sys="$sys" -v rate="$rate" \
		    -v sent="$sent" -v got="$got" -v most="${5:--}" '
		function at(q, k) {
			k = int(NR * q)
			return NR ? v[k < NR * q ? k + 1 : k] : "-"
		}
		{ v[NR] = $1 }
		END {
			lost = sent ? (sent - got) * 100 / sent : 100
			aim = most == "-" ? "-" : "lost <= " most " %: " \
			    (lost <= most + 0 ? "ok" : "MISSED")
			printf "%-32s %-13s %7s %7d %7.2f %8s %8s %8s  %s\n",
			    what, sys, rate, sent, lost, at(0.5), at(0.99),
			    at(1), aim
			exit most != "-" && lost > most + 0
		}' || missed
}
# flood_pings SYSTEM FROM ADDRESS WHAT AIM option ...: no option: no flood
flood_pings() {
	local sys=$1 from=$2 addr=$3 what=$4 aim=$5 rate=-
	shift 5
	say "flood: $sys, $what"
	[ $# -eq 0 ] || flood_at $((SECONDS_EACH + 3)) "$@" || return 1
	gap_start "$from" "$addr" "$LAB/gap"
	sleep "$SECONDS_EACH"
	kill -INT "$(cat "$LAB/gap.pid")"
	if [ $# -gt 0 ]; then
		wait $FLOOD
		rate=$(flood_rate)
	fi
	flood_row "$what" "$sys" "$LAB/gap" "$rate" "$aim"
	sleep 1
}
# flood_new SYSTEM TRIALS FILE once option ...: "once" sets NEW_MS
flood_new() {
	local sys=$1 n=$2 file=$3 once=$4 i ms
	shift 4
	: >"$file"
	flood_at 100 "$@" || return 1
	for ((i = 1; i <= n; i++)); do
		kill -0 $FLOOD 2>/dev/null || flood_at 100 "$@"
		$once
		ms=$NEW_MS
		echo "$ms" >>"$file"
		say "flood: $sys: a new peer, $i of $n: $ms ms"
	done
	flood_over
}

# ---- mesh ----
# not in a subshell: who was started is remembered
mesh_newcomer() {
	lab_stop gamma
	lab_start gamma
	NEW_MS=inf
	lab_wait gamma || return
	NEW_MS=$(first_answer gamma 10.99.0.1 10)
}
flood_mesh() {
	local n key
	for n in alpha:1 beta:2 gamma:3; do
		lab_node "${n%:*}" "${n#*:}" || return 1
	done
	lab_peer alpha beta
	NOEND=1 lab_peer alpha gamma
	lab_peer beta alpha
	lab_peer gamma alpha
	for n in alpha beta gamma; do
		lab_start $n
		lab_wait $n || return 1
	done
	answers beta 10.99.0.1 10 || return 1
	key=$(pub_of alpha)
	flood_tables mesh beta 10.99.0.1 192.0.2.1 "$key" mesh_newcomer
	books_balance alpha || { say "alpha's books do not balance"; missed; }
	ctl alpha drops >&2
	for n in alpha beta gamma; do
		lab_stop $n
	done
}

# ---- wireguard-go ----
wg_newcomer() {
	wg_forget wgamma walpha
	wg_forget walpha wgamma
	wg_knows walpha wgamma
	wg_knows wgamma walpha endpoint "192.0.2.${NUM[walpha]}:51820"
	NEW_MS=$(first_answer wgamma "10.98.0.${NUM[walpha]}" 20)
}
flood_wg() {
	local n
	for n in walpha:11 wbeta:12 wgamma:13; do
		wg_host "${n%:*}" "${n#*:}" || return 1
	done
	wg_pair walpha wbeta
	answers wbeta 10.98.0.11 10 || return 1
	flood_tables wireguard-go wbeta 10.98.0.11 192.0.2.11 \
	    "${WG_PUB[walpha]}" wg_newcomer
	all_quit walpha wbeta wgamma
}

# flood_tables SYSTEM FROM INSIDE OUTSIDE KEY NEWCOMER
flood_tables() {
	local sys=$1 from=$2 in=$3 out=$4 key=$5 newcomer=$6 n=$TRIALS
	local bad=- some=- up=-
	if [ "$sys" = mesh ]; then
		bad=0.3 some=2 up=1000
	else
		n=$OTHERS
	fi
	flood_pings "$sys" "$from" "$in" "no flood" - >>"$LAB/loss"
	flood_pings "$sys" "$from" "$in" "garbage" "$bad" \
	    -k garbage -a "$out" -r 100000 >>"$LAB/loss"
	flood_pings "$sys" "$from" "$in" "initiations, mac1 right" "$some" \
	    -k mac1 -K "$key" -a "$out" -r 85000 >>"$LAB/loss"
	flood_pings "$sys" "$from" "$in" "... from 5000 addresses" "$some" \
	    -k mac1 -K "$key" -a "$out" -r 85000 -n 5000 >>"$LAB/loss"
	flood_new "$sys" "$n" "$LAB/new" "$newcomer" \
	    -k mac1 -K "$key" -a "$out" -r 85000
	row "initiations, mac1 right" "$sys" "$LAB/new" - $up >>"$LAB/up"
	flood_new "$sys" "$n" "$LAB/new" "$newcomer" \
	    -k mac1 -K "$key" -a "$out" -r 85000 -n 5000
	row "... from 5000 addresses" "$sys" "$LAB/new" - $up >>"$LAB/up"
}

reach_flood() {
	lab_init mb-flood
	lab_host crowd 20
	ip -n "$(ns crowd)" route add local 198.18.0.0/16 dev lo
	# what answers them goes back: nobody is told that there is no way
	ip -n "$(ns crowd)" link set eth0 txqueuelen 10000
	: >"$LAB/loss"
	: >"$LAB/up"
	FLOOD_NET=198.18.0.0/16
	lab_host alpha 1
	ip -n "$(ns alpha)" route add $FLOOD_NET via 192.0.2.20
	lab_host walpha 11
	ip -n "$(ns walpha)" route add $FLOOD_NET via 192.0.2.20
	flood_mesh || row_none "flood" mesh "does not work at all"
	if have_wg; then
		flood_wg || say "wireguard-go does not work here"
	fi
	flood_head
	cat "$LAB/loss"
	table_head "Flood: a new peer is up" "ms from its first packet"
	cat "$LAB/up"
}
