#!/bin/bash
# A path dies under traffic: how long nothing is answered.  Pings are 20 ms
# apart, so 20 ms is no gap at all.  Sourced.

# cut_off PLACE: datagrams to and from it vanish; nobody is told
cut_off() { # of beta
	local f=ip
	case $1 in *:*) f=ip6 ;; esac
	in_ns beta nft "add table inet hole
		add chain inet hole in { type filter hook prerouting priority -300; }
		add rule inet hole in $f daddr $1 udp dport != 6881 drop" &&
		in_ns alpha nft "add table inet hole
		add chain inet hole in { type filter hook prerouting priority -300; }
		add rule inet hole in $f saddr $1 udp sport != 6881 drop"
}
mend() {
	in_ns beta nft delete table inet hole
	in_ns alpha nft delete table inet hole
}
address_of() { # NAME PEER: as NAME uses it, without the port
	place_of "$1" "$2" | sed 's/^\[//; s/\]*:[0-9]*$//'
}
uses() { [ "$(address_of alpha beta)" = "$1" ]; }
answered_places() { [ "$(count_of alpha probes_answered)" -ge 2 ]; }

fail_blackhole() {
	local n i was ms began
	net_node alpha 1
	net_node beta 2
	ip -n "$(ns alpha)" link add eth1 type veth peer name eth1 \
	    netns "$(ns beta)"
	for n in alpha beta; do
		ip -n "$(ns $n)" addr add "198.51.100.${NUM[$n]}/24" dev eth1
		ip -n "$(ns $n)" link set eth1 up
	done
	node_init alpha >/dev/null && net_up alpha &&
		node_join beta "$(node_invite alpha beta)" >/dev/null &&
		net_up beta && pings alpha beta >/dev/null || return 1
	gap_start alpha "$(node_ip beta)" "$LAB/gap"
	until_ok 20 answered_places
	gap_stop "$LAB/gap" >/dev/null
	for ((i = 1; i <= TRIALS; i++)); do
		was=$(address_of alpha beta)
		gap_start alpha "$(node_ip beta)" "$LAB/gap"
		sleep 1
		cut_off "$was"
		sleep 3
		ms=$(gap_of "$LAB/gap")
		echo "$ms" >>"$LAB/hole"
		gap_start alpha "$(node_ip beta)" "$LAB/gap"
		mend
		began=$(now_ms)
		if until_ok 20 uses "$was"; then
			echo $(($(now_ms) - began)) >>"$LAB/back"
		else
			echo inf >>"$LAB/back"
		fi
		sleep 0.5
		lost_of "$LAB/gap" >>"$LAB/lost"
		say "failover: black hole $i of $TRIALS: $ms ms, back after $(tail -n 1 "$LAB/back") ms"
	done
	for n in alpha beta; do
		books_balance $n || { say "$n: books do not balance"; missed; }
		lab_stop $n
	done
}
lost_of() { # FILE: pings without an answer
	local sent got
	read -r sent got _ <<<"$(gap_stop "$1")"
	echo $((sent - got))
}

# ---- by a relay, and by TLS ----
# Two members behind translators that no hole can be punched through, and two
# that anybody reaches.
reached_by() { # NAME PEER: what its row of paths, or of peers, says
	ctl "$1" --json paths "$2" 2>/dev/null || ctl "$1" --json peer "$2"
}
fail_lab() {
	local n
	hub_make hub 3 relay tls || return 1
	hub_make hub2 4 relay tls || return 1
	for n in left:5 right:6; do
		nat_router "r-${n%:*}" "${n#*:}"
		nat_rules "r-${n%:*}" port
		nat_inside "${n%:*}" "r-${n%:*}" 2
		member_make "${n%:*}" || return 1
	done
}
# the node that carries what left sends to right: by what both hubs pass on
passed_on() { in_ns "$1" cat /sys/class/net/eth0/statistics/tx_bytes; }
carrier_now() {
	local a b
	a=$(passed_on hub)
	b=$(passed_on hub2)
	sleep 1
	a=$(($(passed_on hub) - a))
	b=$(($(passed_on hub2) - b))
	[ "$a" -ge "$b" ] && echo hub || echo hub2
}
ways() { # from left to right: relays that have said that one is open
	ctl left --json relays | tr -d ' \n' | tr '{' '\n' |
		grep '"peer":"right"' | sed -n 's/.*"via":"\([^"]*\)".*/\1/p' |
		sort -u | wc -l
}
two_ways() { [ "$(ways)" -eq 2 ]; }
# relay_dies SYSTEM ADDRESS SECONDS NUMBER: sets MS
relay_dies() {
	local by since
	gap_start left "$2" "$LAB/gap"
	sleep 1
	by=$(carrier_now)
	# as if its machine died: no process says farewell
	in_ns "$by" nft "add table inet dead
		add chain inet dead in { type filter hook prerouting priority -300; policy drop; }"
	since=$(now_ms)
	sleep 4
	back_by "$LAB/gap" "$since" "$3"
	MS=$(gap_of "$LAB/gap")
	in_ns "$by" nft delete table inet dead
	say "failover: $1: relay $by killed, $4: $MS ms"
}
fail_relay() {
	local i
	nat_rules r-left symmetric
	nat_rules r-right symmetric
	restart_members left right
	# with memory of the hub only: the other relay has to be found first
	gap_start left "$(ip_of right)" "$LAB/gap"
	until_ok 60 two_ways || say "failover: no second relay is found"
	gap_stop "$LAB/gap" >/dev/null
	for ((i = 1; i <= TRIALS; i++)); do
		if ! answers left "$(ip_of right)" 15; then
			row_none "relay is killed" mesh "not connected"
			return
		fi
		relay_dies mesh "$(ip_of right)" 1 "$i of $TRIALS"
		echo "$MS" >>"$LAB/relay"
		sleep 3
	done
	row "relay is killed" mesh "$LAB/relay" - - 1000
}
# what is translated stays so, TCP goes on
udp_stops() { # router
	in_ns "$1" nft "add table inet noudp
		add chain inet noudp stop { type filter hook forward priority 0; }
		add rule inet noudp stop meta l4proto udp drop"
}
# udp_dies SYSTEM ADDRESS SECONDS NUMBER: sets MS; it stays dead
udp_dies() {
	local since
	gap_start left "$2" "$LAB/gap"
	sleep 1
	udp_stops r-left
	since=$(now_ms)
	sleep 4
	back_by "$LAB/gap" "$since" "$3"
	MS=$(gap_of "$LAB/gap")
	say "failover: $1: UDP dies, $4: $MS ms"
}
fail_udp() {
	local i began
	nat_rules r-left port
	nat_rules r-right port
	restart_members left right
	for ((i = 1; i <= TRIALS; i++)); do
		if ! answers left "$(ip_of right)" 15; then
			row_none "UDP dies" mesh "not connected"
			return
		fi
		gap_start left "$(ip_of right)" "$LAB/gap"
		until_ok 20 by_udp left right || say "failover: not direct"
		gap_stop "$LAB/gap" >/dev/null
		sleep 1
		udp_dies mesh "$(ip_of right)" 1 "$i of $TRIALS"
		echo "$MS" >>"$LAB/udp"
		gap_start left "$(ip_of right)" "$LAB/gap"
		in_ns r-left nft delete table inet noudp
		began=$(now_ms)
		if [ "$MS" != inf ] && until_ok 20 by_udp left right; then
			echo $(($(now_ms) - began)) >>"$LAB/udpback"
		else
			echo inf >>"$LAB/udpback"
		fi
		sleep 0.5
		lost_of "$LAB/gap" >>"$LAB/udplost"
		say "failover: mesh: back after $(tail -n 1 "$LAB/udpback") ms"
	done
	row "UDP dies" mesh "$LAB/udp" - - 1500
	row "... it is back in use" mesh "$LAB/udpback" - - 15000
	row "... pings lost by that" mesh "$LAB/udplost" - - 0
}
# tinc in the place of the same four: it sends by others, and by TCP, as well
fail_tinc() {
	local n i to=10.98.0.6
	for n in left right hub hub2; do
		lab_stop $n
	done
	nat_rules r-left symmetric
	nat_rules r-right symmetric
	tinc_host hub 3 hub2 && tinc_host hub2 4 hub &&
		tinc_host left 5 hub hub2 && tinc_host right 6 hub hub2 &&
		tinc_meet hub hub2 || return 1
	for n in left right; do
		tinc_meet $n hub
		tinc_meet $n hub2
	done
	for n in hub hub2 left right; do
		tinc_start $n
	done
	answers left $to 30 || return 1
	for ((i = 1; i <= OTHERS; i++)); do
		wanted relay || break
		answers left $to 90 || break
		relay_dies tinc $to 90 "$i of $OTHERS"
		echo "$MS" >>"$LAB/relay-tinc"
		sleep 5
	done
	nat_rules r-left port
	nat_rules r-right port
	for ((i = 1; i <= OTHERS; i++)); do
		wanted udp || break
		answers left $to 90 || break
		sleep 5
		udp_dies tinc $to 90 "$i of $OTHERS"
		in_ns r-left nft delete table inet noudp
		echo "$MS" >>"$LAB/udp-tinc"
	done
	all_quit hub hub2 left right
}
by_udp() { # to the peer's own place, by whatever port of its router
	case $(place_of "$1" "$2") in
	*:443) return 1 ;;
	192.0.2.*) ;;
	*) return 1 ;;
	esac
}

reach_failover() {
	lab_init mb-fail
	table_head "Failover: longest gap between answers" "ms"
	if wanted blackhole; then
		if fail_blackhole; then
			row "black hole" mesh "$LAB/hole" 300 - 1000
			row "... the old one is used again" mesh "$LAB/back" - - 15000
			row "... pings lost by that" mesh "$LAB/lost" - - 0
		else
			row_none "black hole" mesh "does not work at all"
		fi
	fi
	if wanted relay || wanted udp; then
		fail_lab >&2 || { row_none "relay" mesh "does not start"; return; }
		! wanted relay || fail_relay
		! wanted udp || fail_udp
		! have_tinc || fail_tinc >&2 || say "tinc does not work here"
		[ ! -f "$LAB/relay-tinc" ] ||
			row "relay is killed" tinc "$LAB/relay-tinc"
		[ ! -f "$LAB/udp-tinc" ] ||
			row "UDP dies" tinc "$LAB/udp-tinc"
	fi
}
