#!/bin/bash
# Every kind of access to the net with every other.  Sourced.
#
# cgn: two homes behind one provider's translator, which lets what is for itself
# turn round.  Of each kind there are two members, a-KIND and b-KIND, made once; two start
# for a trial, without memory of earlier ones, while two others on the open net
# are always up.  Then one pings the other, in turns.

GRID_KINDS="none full address port symmetric double lan udp web cgn"
GRID_WAIT=10 # seconds for the first answer, and for a direct path

# grid_side SIDE KIND NUM: its routers and its namespace
grid_side() {
	local n=$1-$2 r=r$1-$2 o=o$1-$2
	case $2 in
	none)
		lab_host "$n" "$3"
		return ;;
	lan)
		# both behind one
		[ "$1" = b ] || nat_router r-lan "$3"
		nat_inside "$n" r-lan "$([ "$1" = a ] && echo 2 || echo 3)"
		nat_rules r-lan port
		return ;;
	double)
		nat_router "$o" "$3"
		nat_router "$r" "$(($3 + 100))"
		nat_behind "$r" "$o" 2
		nat_rules "$o" port ;;
	cgn)
		[ "$1" = b ] || nat_router o-cgn "$3"
		nat_router "$r" "$(($3 + 100))"
		nat_behind "$r" o-cgn "$([ "$1" = a ] && echo 2 || echo 3)"
		nat_rules o-cgn port
		nat_hairpin o-cgn 2 41001 3 41002 ;;
	*)
		nat_router "$r" "$3" ;;
	esac
	nat_inside "$n" "$r" 2
	nat_rules "$r" port
}
# grid_rules SIDE KIND: as that kind is; nothing is remembered of before
grid_rules() {
	local r=r$1-$2
	case $2 in
	none) return ;;
	lan)
		nat_forget r-lan
		return ;;
	double)
		nat_rules "$r" port
		nat_forget "o$1-$2" ;;
	cgn)
		nat_rules "$r" port
		nat_forget o-cgn ;;
	udp) nat_rules "$r" blocked ;;
	*) nat_rules "$r" "$2" ;;
	esac
	nat_forget "$r"
}
grid_lab() {
	local side kind num=20
	hub_make hub 1 relay tls && hub_make hub2 2 relay tls || return 1
	for kind in $GRID_KINDS; do
		wanted "$kind" || continue
		for side in a b; do
			grid_side $side "$kind" $num >&2
			num=$((num + 1))
			member_make "$side-$kind" \
			    --port "$([ $side = a ] && echo 41001 ||
				echo 41002)" >&2 || return 1
		done
	done
}
# Can there be a direct path, by what the translators are?
grid_direct() { # kind kind
	case $1:$2 in
	udp:* | web:* | *:udp | *:web) return 1 ;;
	symmetric:symmetric | symmetric:port | port:symmetric | \
	    symmetric:double | double:symmetric | symmetric:lan | \
	    lan:symmetric) return 1 ;;
	esac
}
# Where the other is, as anybody may see it: on one LAN its own address.
grid_places() { # member kind
	case $2 in
	none) echo "192.0.2.${NUM[$1]}" ;;
	lan) echo "192.0.2.${NUM[r-lan]} ${NAT_NET[r-lan]}.${NUM[$1]}" ;;
	double) echo "192.0.2.${NUM[o${1%%-*}-$2]}" ;;
	cgn) echo "192.0.2.${NUM[o-cgn]}" ;;
	*) echo "192.0.2.${NUM[r$1]}" ;;
	esac
}
# is_direct NAME PEER KIND: by UDP, to one of its own places
is_direct() {
	local at p
	at=$(place_of "$1" "$2")
	case $at in *:443 | "" | none) return 1 ;; esac
	[ "$3" != none ] || case $at in \[2001:db8::*) return 0 ;; esac
	for p in $(grid_places "$2" "$3"); do
		[ "${at%:*}" != "$p" ] || return 0
	done
	return 1
}
# grid_trial A KIND-A B KIND-B: sets FIRST and DIRECT, ms or inf
grid_trial() {
	local a=$1 ka=$2 b=$3 kb=$4 began wait=$GRID_WAIT
	grid_direct "$ka" "$kb" || wait=2 # for what can't be
	FIRST=inf DIRECT=inf
	grid_rules "${a%%-*}" "$ka"
	grid_rules "${b%%-*}" "$kb"
	restart_members "$a" "$b" >&2 || return
	sleep 2
	began=$(now_ms)
	FIRST=$(first_answer "$a" "$(ip_of "$b")" $GRID_WAIT)
	if [ "$FIRST" != inf ]; then
		gap_start "$a" "$(ip_of "$b")" "$LAB/gap"
		if until_ok "$wait" both_direct "$a" "$ka" "$b" "$kb"; then
			DIRECT=$(($(now_ms) - began))
		fi
		gap_stop "$LAB/gap" >/dev/null
	fi
	[ "$FIRST" != inf ] && [ "$FIRST" -le 1000 ] || grid_tell "$a" "$b" >&2
	lab_stop "$a"
	lab_stop "$b"
}
# what happened at both, if it took long
grid_tell() {
	local n
	for n in "$1" "$2"; do
		ctl "$n" events -n 12 | sed "s/^/    $n: /"
	done
	ctl "$1" lookup "$(ip_of "$2")" | sed "s/^/    $1: /"
}
both_direct() { is_direct "$1" "$3" "$4" && is_direct "$3" "$1" "$2"; }
# grid_pair KIND KIND: a line of the table; the samples of all are collected
grid_pair() {
	local i x=a-$1 y=b-$2 up=0 direct=0 verdict=ok want=yes
	: >"$LAB/first"
	: >"$LAB/direct"
	grid_direct "$1" "$2" || want=no
	for ((i = 1; i <= GRID_TRIALS; i++)); do
		if ((i % 2)); then
			grid_trial "$x" "$1" "$y" "$2"
		else
			grid_trial "$y" "$2" "$x" "$1"
		fi
		echo "$FIRST" >>"$LAB/first"
		echo "$DIRECT" >>"$LAB/direct"
		[ "$FIRST" = inf ] || up=$((up + 1))
		[ "$DIRECT" = inf ] || direct=$((direct + 1))
		say "grid: $1 - $2, $i of $GRID_TRIALS: first $FIRST ms, direct $DIRECT ms"
	done
	case $1:$2 in
	udp:* | web:* | *:udp | *:web) cat "$LAB/first" >>"$LAB/first-tls" ;;
	*) cat "$LAB/first" >>"$LAB/first-udp" ;;
	esac
	[ $want = no ] || cat "$LAB/direct" >>"$LAB/direct-all"
	if [ $up -lt "$GRID_TRIALS" ]; then
		verdict="NOT CONNECTED"
	elif [ $want = yes ] && [ $direct -lt "$GRID_TRIALS" ]; then
		verdict="NOT DIRECT"
	elif [ $want = no ] && [ $direct -gt 0 ]; then
		verdict="ok, and more than can be asked"
	fi
	case $verdict in NOT*) missed ;; esac
	printf '%-11s %-11s %4d %9d %10s %8d %10s %6s  %s\n' "$1" "$2" \
	    "$GRID_TRIALS" $up "$(middle "$LAB/first")" $direct \
	    "$(middle "$LAB/direct")" $want "$verdict"
}
middle() { # FILE: its median
	sed 's/^inf$/1e12/' "$1" | sort -g | awk '{ v[NR] = $1 }
		END { m = v[int((NR + 1) / 2)]
			print (m >= 1e12 ? "never" : m) }'
}

grid_pairs() { # every one once, a line each
	local a b seen=" "
	for a in $GRID_KINDS; do
		for b in $GRID_KINDS; do
			wanted "$a" && wanted "$b" || continue
			# with others it is as double
			[ "$a" = "$b" ] || case $a:$b in *cgn*) continue ;; esac
			case $seen in *" $b:$a "*) continue ;; esac
			seen+="$a:$b "
			echo "$a $b"
		done
	done
}
# grid_part K: the pairs K, K + JOBS ..., in a lab of its own; $GRID_OUT is
# where its lines and samples go
grid_part() {
	local a b i=0
	lab_init "mb-grid$1"
	grid_lab >&2 || { row_none "grid" mesh "its members do not start"; return; }
	while read -r a b <&3; do
		[ $((i++ % JOBS)) -ne "$1" ] || grid_pair "$a" "$b"
	done 3< <(grid_pairs)
	for i in first-udp first-tls direct-all; do
		[ ! -f "$LAB/$i" ] || cp "$LAB/$i" "$GRID_OUT/$i.$1"
	done
}
# tinc in the same places, each kind with itself: a hub that all call on TCP
# port 443, and the first answer.  What is direct it does not say.
grid_tinc() {
	local kind side num=20 i n
	lab_init mb-gridt
	tinc_host hub 1 || return 1
	echo "Port = 443" >>"$LAB/hub/tinc/hosts/hub"
	tinc_start hub
	for kind in $GRID_KINDS; do
		wanted "$kind" || continue
		for side in a b; do
			n=$side-$kind
			grid_side $side "$kind" $num
			tinc_host "$n" $num hub && tinc_meet "$n" hub ||
				return 1
			num=$((num + 1))
		done
		for ((i = 1; i <= OTHERS; i++)); do
			for side in a b; do
				grid_rules $side "$kind"
				tinc_start "$side-$kind"
			done
			sleep 2
			FIRST=$(first_answer "a-$kind" "10.98.0.${NUM[b-$kind]}" \
			    $GRID_WAIT)
			all_quit "a-$kind" "b-$kind"
			case $kind in
			udp | web) echo "$FIRST" >>"$GRID_OUT/tinc-tls" ;;
			*) echo "$FIRST" >>"$GRID_OUT/tinc-udp" ;;
			esac
			say "grid: tinc: $kind - $kind, $i of $OTHERS: first $FIRST ms"
			sleep 1
		done
	done
	all_quit hub
}
reach_grid() {
	local k pairs began=$SECONDS pids=() i
	case ${PART:-} in
	"") ;;
	tinc)
		grid_tinc >&2 || say "tinc does not work here"
		return ;;
	*)
		grid_part "$PART"
		return ;;
	esac
	lab_init mb-grid
	pairs=$(grid_pairs | wc -l)
	[ "$JOBS" -le "$pairs" ] || JOBS=$pairs
	say "grid: $pairs pairs, $GRID_TRIALS trials of each, $JOBS side by side:" \
	    "about $((pairs * GRID_TRIALS * 9 / JOBS / 60 + 2)) minutes"
	mkdir "$LAB/out"
	for ((k = 0; k < JOBS; k++)); do
		GRID_OUT=$LAB/out PART=$k "$HERE/reach" --trials "$GRID_TRIALS" \
		    --jobs "$JOBS" --only "$ONLY" grid >"$LAB/out/rows.$k" &
		pids+=($!)
		EXTRA_CLEAN+=("kill $! 2>/dev/null")
	done
	for k in "${pids[@]}"; do
		wait "$k" || missed
	done
	! have_tinc || GRID_OUT=$LAB/out PART=tinc "$HERE/reach" \
	    --others "$OTHERS" --only "$ONLY" grid >/dev/null
	printf '\n%s\n%-11s %-11s %4s %9s %10s %8s %10s %6s  %s\n' \
	    "Every kind of access with every other: medians in ms" \
	    ONE OTHER N CONNECTED FIRST DIRECT AFTER CAN VERDICT
	sort "$LAB"/out/rows.* | grep -v '^$\|^reach:'
	for i in first-udp first-tls direct-all; do
		cat "$LAB/out/$i".* >"$LAB/$i" 2>/dev/null || rm -f "$LAB/$i"
	done
	say "grid: $((SECONDS - began)) s"
	table_head "All pairs" "ms"
	[ ! -f "$LAB/first-udp" ] ||
		row "first answer" mesh "$LAB/first-udp" - - 500
	[ ! -f "$LAB/out/tinc-udp" ] ||
		row "... each kind with itself" tinc "$LAB/out/tinc-udp"
	[ ! -f "$LAB/first-tls" ] ||
		row "first answer, UDP blocked" mesh "$LAB/first-tls" - - 1500
	[ ! -f "$LAB/out/tinc-tls" ] ||
		row "... each kind with itself" tinc "$LAB/out/tinc-tls"
	[ ! -f "$LAB/direct-all" ] ||
		row "direct, where it can be" mesh "$LAB/direct-all" - 2000 -
}
