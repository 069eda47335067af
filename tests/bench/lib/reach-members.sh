#!/bin/bash
# Members of one network, made once and started again for each trial: with the
# features that this build has.  Sourced.

declare -A MEMBER_IP=()
ip_is() { MEMBER_IP[$1]=$(node_ip "$1"); } # it is up: asked
ip_of() { echo "${MEMBER_IP[$1]}"; }

# option_of NAME LINE: goes into its file, if this build knows it
option_of() {
	local conf
	conf=$(conf_of "$1")
	cp "$conf" "$conf.before"
	echo "$2" >>"$conf"
	"$BUILD/tunnel-priv" -n -f "$conf" >/dev/null 2>&1 && return
	mv "$conf.before" "$conf"
	say "reach: this build has no: $2"
	return 1
}
# hub_make NAME NUM feature ...: on the net, for everybody; the first has the
# authority
hub_make() {
	local n=$1 may=()
	net_node "$n" "$2"
	shift 2
	case " $* " in *" relay "*) may=(--relay) ;; esac
	if [ -z "${HUB:-}" ]; then
		HUB=$n
		node_init "$n" || return 1
	else
		node_join "$n" "$(node_invite "$HUB" "$n" "${may[@]}")" ||
			return 1
	fi
	case " $* " in *" relay "*) option_of "$n" "relay { serve yes }" ;; esac
	case " $* " in
	*" tls "*) option_of "$n" "tls { listen on 0.0.0.0 port 443 }" ;;
	esac
	net_up "$n" || return 1
	ip_is "$n"
}
# its namespace is there, and the hub can be reached from it; stopped again
member_make() { # name [option of join ...]
	local n=$1
	shift
	mkdir -p "$LAB/$n/run" "$LAB/$n/state"
	node_join "$n" "$(node_invite "$HUB" "$n")" "$@" || return 1
	option_of "$n" "tls { connect auto }" || return 1
	net_up "$n" || return 1
	ip_is "$n"
	[ -n "${MEMBER_IP[$n]}" ] && answers "$n" "$(ip_of "$HUB")" 30 &&
		until_ok 20 knows_place "$n" "$HUB" || return 1
	lab_stop "$n"
	find "$LAB/$n" -name '*.cache' -exec cp {} {}.first \;
}
knows_place() { ctl "$1" lookup "$2" 2>/dev/null | grep -q '^192\.0\.2\.'; }
# With what it knew when it had joined: the hub's places and no others.
restart_members() { # name ...
	local n
	for n in "$@"; do
		[ -z "${PARENT[$n]:-}" ] || lab_stop "$n"
	done
	for n in "$@"; do
		find "$LAB/$n" -name '*.cache.first' |
			while read -r was; do cp "$was" "${was%.first}"; done
		lab_start "$n"
	done
	for n in "$@"; do
		lab_wait "$n" || return 1
	done
	for n in "$@"; do # a relay is known
		answers "$n" "$(ip_of "$HUB")" 6 || say "reach: $n can't reach $HUB"
	done
}
