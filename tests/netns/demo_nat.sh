# shellcheck shell=bash
# The second half of the demo: members behind translators.  Sourced by it, with
# alpha and gamma up on the open net.
#
#	home   10.11.0.2 --- a translator that keeps ports and lets in whoever
#	office 10.12.0.2 --- was asked, by address and port; another such one
#	mobile 10.13.0.2 --- a symmetric one: a port for each destination
#
# Each wait ends when what is waited for is there, and has a limit.

# demo_way FROM TO: the kind of way in use
demo_way() {
	ctl "$1" -H paths "$2" 2>/dev/null | awk '
		$5 == "best" { way = $3 } END { print way }'
}
# both ends, or what one sends may still go another way
demo_both() { # name name kind
	[ "$(demo_way "$1" "$2")" = "$3" ] && [ "$(demo_way "$2" "$1")" = "$3" ]
}
demo_paths() { # from to
	shown "$1" "meshctl paths $2"
	ctl "$1" paths "$2" | sed 's/^/       /'
}
# demo_first FROM TO: pings go on in $LAB/gap; sets FIRST_MS
demo_first() {
	local t0
	t0=$(now_ms)
	gap_start "$1" "$(node_ip "$2")" "$LAB/gap"
	until_ok 15 grep -q 'bytes from' "$LAB/gap" ||
		fail "$1 has no answer from $2"
	FIRST_MS=$(awk -v t0="$t0" '/bytes from/ {
		printf "%.0f\n", substr($1, 2) * 1000 - t0
		exit
	}' "$LAB/gap")
}

demo_member() { # name number recipe
	local n=$1 token
	nat_router "r-$n" "$2"
	nat_rules "r-$n" "$3"
	nat_inside "$n" "r-$n" 2
	net_node "$n" "$2"
	token=$(node_invite alpha "$n") || fail "invite $n"
	node_join "$n" "$token" >"$LAB/out" 2>&1 || {
		cat "$LAB/out" >&2
		fail "$n could not join"
	}
	NODES="$NODES $n"
	net_up "$n" || fail "$n did not start"
}
# It knows by two members what stands in front of it.  netcheck asks them anew,
# for some seconds.
demo_mapping() { # name kind
	ctl "$1" -H netcheck | awk -v k="$2" '$1 == "nat_type" && $2 == k { ok = 1 }
		END { exit !ok }'
}
demo_behind() { # name kind
	until_ok 30 pings "$1" alpha && until_ok 30 pings "$1" gamma &&
		until_ok 40 demo_mapping "$1" "$2"
}
demo_all_behind() { # name:kind ...: side by side
	local of pids=()
	for of in "$@"; do
		demo_behind "${of%:*}" "${of#*:}" >"$LAB/${of%:*}/behind" 2>&1 &
		pids+=($!)
	done
	for of in "$@"; do
		wait "${pids[0]}" || {
			ctl "${of%:*}" netcheck >&2
			fail "${of%:*} does not see that it is behind: ${of#*:}"
		}
		pids=("${pids[@]:1}")
		shown "${of%:*}" "meshctl netcheck"
		echo "       nat         ${of#*:}"
	done
}

demo_relayed() {
	demo_first home mobile
	until_ok 10 demo_both home mobile relay || {
		ctl home paths mobile >&2
		fail "home and mobile have no way by a relay"
	}
	gap_stop "$LAB/gap" >/dev/null
	shown home "ping mobile"
	echo "       first answer after $FIRST_MS ms, by a relay"
	demo_paths home mobile
	step "that stays: mobile has another port for each that it calls"
}
demo_moved() { # home's own words
	ctl home events -n 40 | grep 'path_upgraded.*peer=office'
}
demo_upgraded() {
	local t0
	t0=$(now_ms)
	demo_first home office
	until_ok 30 demo_both home office direct || {
		ctl home paths office >&2
		fail "home and office have no direct way"
	}
	t0=$(($(now_ms) - t0))
	gap_stop "$LAB/gap" >/dev/null
	shown home "ping office"
	if demo_moved >"$LAB/out"; then
		echo "       first answer after $FIRST_MS ms, by a relay; direct at both ends after $t0 ms"
		shown home "meshctl events"
		sed 's/^[^ ]* /       /' "$LAB/out" | tail -n 1
	else # their first calls met
		echo "       first answer after $FIRST_MS ms, direct at both ends after $t0 ms"
	fi
	demo_paths home office
	step "a hole through both translators: nobody is between them now"
}
# What goes from one translator to the other vanishes; nobody is told.
demo_hole() {
	in_ns r-home nft "add table ip hole
		add chain ip hole through { type filter hook forward priority -10; }
		add rule ip hole through ip saddr 192.0.2.12 drop
		add rule ip hole through ip daddr 192.0.2.12 drop"
}
demo_failover() {
	local sent got gap t0
	gap_start home "$(node_ip office)" "$LAB/gap"
	until_ok 10 grep -q 'icmp_seq=25 ' "$LAB/gap" || fail "no pings"
	demo_hole || fail "nft"
	until_ok 20 demo_both home office relay || {
		ctl home paths office >&2
		fail "nothing took over from the direct way"
	}
	# ... and so it stays for another second
	until_ok 10 demo_pings 50 "$(wc -l <"$LAB/gap")" ||
		fail "no answers by the relay"
	read -r sent got gap <<<"$(gap_stop "$LAB/gap")"
	step "the direct way became a black hole under 50 pings a second"
	echo "       silence $gap ms, $got of $sent answered; since then by a relay"
	gap_start home "$(node_ip office)" "$LAB/gap"
	t0=$(now_ms)
	in_ns r-home nft delete table ip hole
	until_ok 60 demo_both home office direct ||
		fail "the direct way works again, but is not used"
	t0=$(($(now_ms) - t0))
	until_ok 10 demo_pings 25 "$(wc -l <"$LAB/gap")" ||
		fail "no answers by the direct way"
	read -r sent got gap <<<"$(gap_stop "$LAB/gap")"
	step "the hole is gone, and the direct way is used again"
	echo "       after $((t0 / 1000)).$((t0 / 100 % 10)) s; $got of $sent pings answered meanwhile, longest silence $gap ms"
}
# so many more lines than there were
demo_pings() { [ "$(wc -l <"$LAB/gap")" -ge $(($2 + $1)) ]; }

demo_translators() {
	local n
	for n in alpha gamma; do
		echo 'relay { serve yes }' >>"$(conf_of $n)"
		ctl $n reload >"$LAB/out" 2>&1 || fail "$n does not relay"
	done
	demo_member home 11 port
	demo_member office 12 port
	demo_member mobile 13 symmetric
	step "home, office and mobile joined from behind translators"
	demo_all_behind home:endpoint_independent office:endpoint_independent \
	    mobile:symmetric
	step "each knows what it is behind; alpha and gamma relay"
	demo_relayed
	demo_upgraded
	demo_failover
}
