#!/bin/bash
# Addresses change, translators forget, links come and go.  Sourced.

# back_by FILE SINCE-MS SECONDS: waits until pings are answered that were sent
# after that; 1: they are not
answer_after() {
	awk -v since="$2" '/bytes from/ {
		split($0, f, "time=")
		if (substr($1, 2) * 1000 - f[2] > since)
			found = 1
	} END { exit !found }' "$1"
}
back_by() { until_ok "$3" answer_after "$1" "$2"; }

# roam_trials WHAT SYSTEM N SECONDS FROM ADDRESS EVENT FILE: the longest gap of
# each; the event is told the number of the trial
roam_trials() {
	local what=$1 sys=$2 n=$3 most=$4 from=$5 addr=$6 event=$7 file=$8
	local i since ms
	: >"$file"
	for ((i = 1; i <= n; i++)); do
		answers "$from" "$addr" 30 || { echo inf >>"$file"; continue; }
		sleep 1
		gap_start "$from" "$addr" "$LAB/gap"
		sleep 1
		$event "$i"
		since=$(now_ms)
		if back_by "$LAB/gap" "$since" "$most"; then
			ms=$(gap_stop "$LAB/gap" | awk '{ print $3 }')
		else
			gap_stop "$LAB/gap" >/dev/null
			ms=inf
		fi
		echo "$ms" >>"$file"
		say "roam: $sys: $what, $i of $n: $ms ms"
	done
}

# ---- another address, and only the other side sends ----
# move NAME TRIAL: .NUM and .NUM+100 in turns
move() {
	local old=$((NUM[$1] + 100)) new=${NUM[$1]}
	[ $(($2 % 2)) -eq 0 ] || { new=$old; old=${NUM[$1]}; }
	ip -n "$(ns "$1")" addr add "192.0.2.$new/24" dev eth0
	ip -n "$(ns "$1")" addr del "192.0.2.$old/24" dev eth0
	# with the first the system took all others of its net
	ip -n "$(ns "$1")" addr replace "192.0.2.$new/24" dev eth0
}
move_alpha() { move alpha "$1"; }
move_walpha() { move walpha "$1"; }
move_talpha() { move talpha "$1"; }

# ---- the link comes back ----
down_up() { # name: 2 s without; sets UP_MS
	ip -n "$(ns "$1")" link set eth0 down
	sleep 2
	ip -n "$(ns "$1")" link set eth0 up
	UP_MS=$(now_ms)
}
# link_trials SYSTEM N SECONDS NAME ADDRESS FILE: from link up to the first
# answer
link_trials() {
	local sys=$1 n=$2 most=$3 name=$4 addr=$5 file=$6 i ms
	: >"$file"
	for ((i = 1; i <= n; i++)); do
		answers "$name" "$addr" 30 || { echo inf >>"$file"; continue; }
		gap_start "$name" "$addr" "$LAB/gap"
		sleep 1
		down_up "$name"
		until_ok "$most" heard_since "$LAB/gap" "$UP_MS"
		gap_stop "$LAB/gap" >/dev/null
		ms=$(first_since "$LAB/gap" "$UP_MS")
		echo "$ms" >>"$file"
		say "roam: $sys: link up, $i of $n: $ms ms"
	done
}
first_since() { # FILE SINCE: ms from then to the first answer, inf: none
	awk -v since="$2" '/bytes from/ && substr($1, 2) * 1000 > since {
		printf "%.0f\n", substr($1, 2) * 1000 - since
		found = 1
		exit
	} END { if (!found) print "inf" }' "$1"
}
heard_since() { [ "$(first_since "$1" "$2")" != inf ]; }

# ---- a translator forgets, and gives another port ----
forget_router() { nat_forget router; }

roam_mesh() {
	local to
	net_node alpha 1
	nat_router router 9
	nat_rules router symmetric
	nat_inside inner router 2
	hub_make beta 2 || return 1
	node_join alpha "$(node_invite beta alpha)" && net_up alpha || return 1
	ip_is alpha
	mkdir -p "$LAB/inner/run" "$LAB/inner/state"
	node_join inner "$(node_invite beta inner)" && net_up inner || return 1
	ip_is inner
	to=$(ip_of alpha)
	if wanted move; then
		roam_trials "moved, only the other sends" mesh "$TRIALS" 20 \
		    beta "$to" move_alpha "$LAB/move-mesh"
		move alpha 2
	fi
	if wanted nat; then
		roam_trials "NAT forgets, inside sends" mesh "$TRIALS" 20 \
		    inner "$(ip_of beta)" forget_router "$LAB/natin-mesh"
		roam_trials "NAT forgets, outside sends" mesh "$TRIALS" 20 \
		    beta "$(ip_of inner)" forget_router "$LAB/natout-mesh"
	fi
	! wanted link || link_trials mesh "$TRIALS" 20 alpha \
	    "$(ip_of beta)" "$LAB/link-mesh"
	lab_stop alpha
	lab_stop inner
	lab_stop beta
}
roam_wg() {
	wg_host walpha 11 && wg_host wbeta 12 || return 1
	wg_pair walpha wbeta
	ip netns pids "$(ns inner)" | xargs -r kill
	wg_host inner 13 || return 1
	wg_knows inner wbeta endpoint 192.0.2.12:51820 persistent-keepalive 25
	wg_knows wbeta inner
	if wanted move; then
		roam_trials "moved, only the other sends" wireguard-go "$OTHERS" \
		    40 wbeta 10.98.0.11 move_walpha "$LAB/move-wg"
		move walpha 2
		wg_pair walpha wbeta
	fi
	if wanted nat; then
		answers inner 10.98.0.12 20
		roam_trials "NAT forgets, inside sends" wireguard-go "$OTHERS" \
		    40 inner 10.98.0.12 forget_router "$LAB/natin-wg"
		roam_trials "NAT forgets, outside sends" wireguard-go "$OTHERS" \
		    40 wbeta 10.98.0.13 forget_router "$LAB/natout-wg"
	fi
	! wanted link || link_trials wireguard-go "$OTHERS" 40 walpha \
	    10.98.0.12 "$LAB/link-wg"
	all_quit walpha wbeta inner
}
roam_tinc() {
	tinc_host talpha 21 tbeta && tinc_host tbeta 22 talpha &&
		tinc_meet talpha tbeta || return 1
	tinc_start talpha
	tinc_start tbeta
	answers talpha 10.98.0.22 30 || return 1
	! wanted move || roam_trials "moved, only the other sends" tinc \
	    "$OTHERS" 60 tbeta 10.98.0.21 move_talpha "$LAB/move-tinc"
	all_quit talpha tbeta
}

# roam_rows WHAT FILE AIM: of all that took part
roam_rows() {
	local sys
	for sys in mesh:mesh wg:wireguard-go tinc:tinc; do
		[ -f "$LAB/$2-${sys%:*}" ] || continue
		if [ "${sys%:*}" = mesh ]; then
			row "$1" mesh "$LAB/$2-mesh" - - "$3"
		else
			row "$1" "${sys#*:}" "$LAB/$2-${sys%:*}"
		fi
	done
}
reach_roam() {
	lab_init mb-roam
	roam_mesh >&2 || row_none "roaming" mesh "does not work at all"
	if have_wg; then
		roam_wg >&2 || say "wireguard-go does not work here"
	fi
	if have_tinc; then
		roam_tinc >&2 || say "tinc does not work here"
	fi
	table_head "Roaming: longest gap between answers" "ms"
	roam_rows "moved, only the other sends" move 1000
	roam_rows "NAT forgets, inside sends" natin 1500
	roam_rows "NAT forgets, outside sends" natout 1500
	table_head "The link comes back: first answer" "ms"
	roam_rows "link up" link 500
}
