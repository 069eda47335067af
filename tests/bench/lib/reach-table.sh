#!/bin/bash
# What was measured, as a table with medians and percentiles.  Sourced.
#
# Samples are files of numbers, a line each; "inf" is what never came.

MISSED=0
missed() { MISSED=1; }
say() { echo "$*" >&2; }
wanted() { # name: is this row asked for?
	case ",$ONLY," in ,, | *",$1,"*) ;; *) return 1 ;; esac
}

table_head() { # title unit
	printf '\n%s, %s\n%-32s %-13s %4s %6s %8s %8s %8s %8s  %s\n' "$1" "$2" \
	    WHAT SYSTEM N NEVER P50 P95 P99 MOST AIM
}
# row WHAT SYSTEM FILE [p50 p95 p99]: aims, - for none.  Only what has aims is
# judged.
row() {
	[ -s "$3" ] || echo inf >"$3"
	sed 's/^inf$/1e12/' "$3" | sort -g | awk -v what="$1" -v sys="$2" \
	    -v a="${4:--}" -v b="${5:--}" -v c="${6:--}" '
		function at(q, k) {
			k = int(NR * q)
			return v[k < NR * q ? k + 1 : k]
		}
		function show(x) {
			return x >= 1e12 ? "never" : sprintf("%.*f", x < 10 ? 2 : x < 100 ? 1 : 0, x)
		}
		function judge(name, x, aim) {
			if (aim == "-")
				return
			text = text (text == "" ? "" : ", ") name " <= " aim
			if (x > aim + 0)
				missed = 1
		}
		{ v[NR] = $1; never += $1 >= 1e12 }
		END {
			judge("p50", at(0.5), a)
			judge("p95", at(0.95), b)
			judge("p99", at(0.99), c)
			text = text == "" ? "-" : text (missed ? ": MISSED" : ": ok")
			printf "%-32s %-13s %4d %6d %8s %8s %8s %8s  %s\n", what,
			    sys, NR, never, show(at(0.5)), show(at(0.95)),
			    show(at(0.99)), show(v[NR]), text
			exit missed
		}' || MISSED=1
}
# one that could not be measured: it is no success
row_none() { # what system why
	printf '%-32s %-13s    -  %s\n' "$1" "$2" "$3"
	MISSED=1
}
table_end() {
	echo
	[ $MISSED -eq 0 ] && echo "reach: every aim is reached" && return 0
	echo "reach: not every aim is reached"
	return 1
}

# ---- measuring ----
# first_answer NAME ADDRESS SECONDS: from the start of ping to the first answer,
# in ms; inf: none.  Starting ping is in it, some ms.  (grep ends at that line;
# an awk may wait for more of them.)
first_answer() {
	local began=$EPOCHREALTIME
	ip netns exec "$(ns "$1")" timeout "$3" ping -n -D -i 0.02 "$2" 2>&1 |
		grep -m 1 'bytes from' | awk -v began="${began/,/.}" '/bytes from/ {
			printf "%.0f\n", (substr($1, 2) - began) * 1000
			found = 1
			exit
		}
		END { if (!found) print "inf" }'
}
# gap_of FILE: gap_stop; the largest gap, inf if nothing came any more
gap_of() {
	local sent got gap
	read -r sent got gap <<<"$(gap_stop "$1")"
	if [ "$got" -eq 0 ] || [ $((sent - got)) -gt 0 ] && still_silent "$1"; then
		echo inf
	else
		echo "$gap"
	fi
}
# the last of its pings were not answered: no answer for 500 ms before it ended
still_silent() {
	awk '/bytes from/ { split($0, f, "icmp_seq="); top = f[2] + 0 }
		/packets transmitted/ { s = $1 }
		END { exit !(s - top > 25) }' "$1"
}
# address_after NAME PEER: where it is, as NAME uses it; "-": nowhere
place_of() {
	ctl "$1" --json peer "$2" 2>/dev/null |
		sed -n 's/.*"endpoint": *"\([^"]*\)".*/\1/p' | head -n 1
}
