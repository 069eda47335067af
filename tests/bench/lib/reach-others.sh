#!/bin/bash
# wireguard-go and tinc as nodes of the same lab: 10.98.0.NUM.  Sourced.
#
#	wg_host a 11; wg_pair a b       a namespace with wireguard-go; they meet
#	tinc_host a 11; tinc_up a b     the same with tinc

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
tinc_host() { # name number peer peer-number
	local n=$1
	[ -n "${NUM[$n]:-}" ] || lab_host "$n" "$2"
	NUM[$n]=$2
	mkdir -p "$LAB/$n/tinc/hosts"
	cat >"$LAB/$n/tinc/tinc.conf" <<-END
	Name = $n
	ConnectTo = $3
	Interface = tr$$$2
	DeviceType = tun
	END
	cat >"$LAB/$n/tinc/hosts/$n" <<-END
	Address = 192.0.2.$2
	Subnet = 10.98.0.$2/32
	END
	tincd -c "$LAB/$n/tinc" -K 2048 </dev/null >/dev/null 2>&1
}
tinc_up() { # name name
	local n
	cp "$LAB/$1/tinc/hosts/$1" "$LAB/$2/tinc/hosts/"
	cp "$LAB/$2/tinc/hosts/$2" "$LAB/$1/tinc/hosts/"
	for n in "$1" "$2"; do
		ip netns exec "$(ns "$n")" tincd -c "$LAB/$n/tinc" \
		    --pidfile="$LAB/$n/tinc.pid" -D >"$LAB/$n/log" 2>&1 &
		disown $!
		until_ok 5 ip -n "$(ns "$n")" link show "tr$$${NUM[$n]}" \
		    >/dev/null 2>&1
		ip -n "$(ns "$n")" addr add "10.98.0.${NUM[$n]}/16" \
		    dev "tr$$${NUM[$n]}"
		ip -n "$(ns "$n")" link set "tr$$${NUM[$n]}" mtu 1420 up
	done
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
