#!/bin/bash
# wireguard-go and tinc as nodes of the same lab: 10.98.0.NUM.  Sourced.
#
#	wg_host a 11; wg_pair a b       a namespace with wireguard-go; they meet
#	tinc_host a 11 b; tinc_host b 12; tinc_meet a b; tinc_start a ...
#					the same with tinc: a calls b

export WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1
declare -A WG_PUB=() WG_DEV=()
have_wg() {
	[ "$OTHERS" -gt 0 ] &&
		command -v wireguard-go >/dev/null && command -v wg >/dev/null
}
have_tinc() {
	[ "$OTHERS" -gt 0 ] && command -v tincd >/dev/null
}

# ---- wireguard-go ----
wg_host() { # name number: its namespace may be there already
	local n=$1 dev=wr$$$2
	[ -n "${NUM[$n]:-}" ] || lab_host "$n" "$2"
	NUM[$n]=$2
	mkdir -p "$LAB/$n"
	(umask 077 && wg genkey >"$LAB/$n/wg.key") || return 1
	WG_PUB[$n]=$(wg pubkey <"$LAB/$n/wg.key")
	WG_DEV[$n]=$dev
	EXTRA_CLEAN+=("rm -f /var/run/wireguard/$dev.sock")
	in_ns "$n" env LOG_LEVEL=error wireguard-go "$dev" \
	    >"$LAB/$n/log" 2>&1 || return 1
	ip -n "$(ns "$n")" addr add "10.98.0.$2/16" dev "$dev"
	ip -n "$(ns "$n")" link set "$dev" mtu 1420 up
	in_ns "$n" wg set "$dev" private-key "$LAB/$n/wg.key" listen-port 51820
}
# wg_knows NAME PEER [option ...]: also anew
wg_knows() {
	local n=$1 p=$2
	shift 2
	in_ns "$n" wg set "${WG_DEV[$n]}" peer "${WG_PUB[$p]}" \
	    allowed-ips "10.98.0.${NUM[$p]}/32" "$@"
}
wg_forget() { # name peer: session and all
	in_ns "$1" wg set "${WG_DEV[$1]}" peer "${WG_PUB[$2]}" remove
}
wg_pair() { # name name: on the bridge
	wg_knows "$1" "$2" endpoint "192.0.2.${NUM[$2]}:51820" &&
		wg_knows "$2" "$1" endpoint "192.0.2.${NUM[$1]}:51820"
}

# ---- tinc ----
tinc_name() { echo "${1//-/_}"; } # it takes no hyphens
tinc_host() { # name number whom-to-call ...
	local n=$1 no=$2 other
	shift 2
	[ -n "${NUM[$n]:-}" ] || lab_host "$n" "$no"
	NUM[$n]=$no
	mkdir -p "$LAB/$n/tinc/hosts"
	{
		echo "Name = $(tinc_name "$n")"
		for other in "$@"; do
			echo "ConnectTo = $(tinc_name "$other")"
		done
		echo "Interface = tr$$$no"
		echo "DeviceType = tun"
	} >"$LAB/$n/tinc/tinc.conf"
	cat >"$LAB/$n/tinc/hosts/$(tinc_name "$n")" <<-END
	Address = 192.0.2.$no
	Subnet = 10.98.0.$no/32
	END
	tincd -c "$LAB/$n/tinc" -K 2048 </dev/null >/dev/null 2>&1
}
tinc_meet() { # name name: each knows the other's key
	cp "$LAB/$1/tinc/hosts/$(tinc_name "$1")" "$LAB/$2/tinc/hosts/" &&
		cp "$LAB/$2/tinc/hosts/$(tinc_name "$2")" "$LAB/$1/tinc/hosts/"
}
tinc_start() { # name
	local n=$1 dev=tr$$${NUM[$1]}
	ip netns exec "$(ns "$n")" tincd -c "$LAB/$n/tinc" \
	    --pidfile="$LAB/$n/tinc.pid" -D >"$LAB/$n/log" 2>&1 &
	disown $!
	until_ok 5 ip -n "$(ns "$n")" link show "$dev" >/dev/null 2>&1
	ip -n "$(ns "$n")" addr add "10.98.0.${NUM[$n]}/16" dev "$dev"
	ip -n "$(ns "$n")" link set "$dev" mtu 1420 up
}

# answers NAME ADDRESS SECONDS: until a ping is answered
answers() {
	until_ok "$3" in_ns "$1" ping -n -q -c 1 -W 1 "$2" >/dev/null 2>&1
}
# all_quit NAME ...: whatever runs there ends
all_quit() {
	local n pids
	for n in "$@"; do
		pids=$(ip netns pids "$(ns "$n")")
		# shellcheck disable=SC2086
		[ -z "$pids" ] || kill $pids 2>/dev/null
	done
}
