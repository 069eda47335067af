# shellcheck shell=bash
# Programs that are given a command a line and answer each with a line: DHT
# nodes of ours (tests/tools/dhtnode) and of others (dht_*), in one namespace
# that is called swarm.  Sourced after tests/netns/lib.sh and lab_init.
#
#	start lt1 dht_libtorrent.py ...    runs it
#	say lt1 get ...                    prints the answer, in everybody's words:
#	    item SEQ VHEX [SIGHEX] | none | stored COPIES [HASHHEX] | failed CODE ...
#	is "stored 2" "$(say ...)" what    ok or FAIL
#	leave lt1                          ends it, and waits until it is gone
#	TO=10.0.0.1 raw ping               one datagram (krpc.py); FROM is us

INTEROP=$ROOT/tests/interop
MESH_NPM=$BUILD/npm
[ -d "$MESH_NPM/node_modules" ] || MESH_NPM=$ROOT/build/npm
export MESH_NPM
DHTNODE=$BUILD/tools/dhtnode
PYTHON=/usr/bin/python3 # Debian's, which has libtorrent
PATIENCE=600            # tenths of a second; more than any of them waits
declare -A FD=() PID=()
# who writes to a program that has ended must live to say so
trap : PIPE

# RFC 8032, 7.1: the first three seeds, and the keys that belong to them
declare -A SEED=(
	[ours]=9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60
	[lt]=4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb
	[bt]=c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7)
declare -A PUB=(
	[ours]=d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a
	[lt]=3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c
	[bt]=fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025)
declare -A CALLED=([ours]=ours [lt]=libtorrent [bt]=bittorrent-dht)

# have_all: FAIL lines for what is missing; what is to be installed is no
# reason to leave out a test
have_all() {
	local p
	"$PYTHON" -c 'import libtorrent' 2>/dev/null ||
		bad "no python3-libtorrent: ./quickstart deps installs it"
	for p in node aria2c transmission-cli; do
		command -v $p >/dev/null ||
			bad "no $p: ./quickstart deps installs it"
	done
	[ -d "$MESH_NPM/node_modules/bittorrent-dht" ] ||
		bad "no bittorrent-dht in $MESH_NPM: ./quickstart deps gets it" \
		    "from the npm registry (log: /tmp/quickstart-npm.log)"
	[ "$FAILED" -eq 0 ]
}

swarm_init() { # its address ...
	local a
	ip netns add "$(ns swarm)"
	ip -n "$(ns swarm)" link set lo up
	ip -n "$(ns swarm)" link add eth0 type veth peer name v-swarm \
	    netns "$(ns net)"
	ip -n "$(ns net)" link set v-swarm master br0 up
	ip -n "$(ns swarm)" link set eth0 up
	for a in "$@"; do
		ip -n "$(ns swarm)" addr add "$a" dev eth0
	done
}

start() { # name command ...
	local n=$1 fd
	shift
	mkfifo "$LAB/$n.in"
	: >"$LAB/$n.out"
	ip netns exec "$(ns swarm)" "$@" <"$LAB/$n.in" >"$LAB/$n.out" \
	    2>"$LAB/$n.err" &
	PID[$n]=$!
	disown
	exec {fd}>"$LAB/$n.in"
	FD[$n]=$fd
}
start_one() { # name kind address [bootstrap]: a node of that kind
	local n=$1 kind=$2 at=$3 from=${4:-}
	case $kind in
	ours) start "$n" "$DHTNODE" -4 "$at" -p 6881 ${from:+-b "$from:6881"} \
	    "${OURS[@]}" ;;
	lt) start "$n" "$PYTHON" "$INTEROP/dht_libtorrent.py" "$at" 6881 \
	    ${from:+"$from:6881"} ;;
	bt) start "$n" node "$INTEROP/dht_bittorrent.js" "$at" 6881 \
	    ${from:+"$from:6881"} ;;
	esac
}
OURS=(--plain)
is_there() { kill -0 "${PID[$1]}" 2>/dev/null; }
leave() { # name ...
	local n i
	for n in "$@"; do
		echo quit >&"${FD[$n]}"
	done 2>/dev/null
	for n in "$@"; do
		for ((i = 0; i < 100; i++)); do
			is_there "$n" || break
			sleep 0.1
		done
		is_there "$n" && kill -9 "${PID[$n]}"
		exec {FD[$n]}>&-
		unset "FD[$n]" "PID[$n]"
	done
}

# ours speaks of more than the others do; what it has in common with them
plain() {
	sed -E 's/^get ok ([0-9]+) ([0-9a-f]+).*/item \1 \2/
		s/^gethash ok ([0-9a-f]+).*/item - \1/
		s/^get(hash)? no .*/none/
		s/^put ok ([0-9]+).*/stored \1/
		s/^puthash ok ([0-9]+) ([0-9a-f]+).*/stored \1 \2/
		s/^put(hash)? no .*/stored 0 &/'
}
say() { # name line
	local n=$1 before i
	shift
	before=$(wc -l <"$LAB/$n.out")
	echo "$*" >&"${FD[$n]}" 2>/dev/null
	for ((i = 0; i < PATIENCE; i++)); do
		if [ "$(wc -l <"$LAB/$n.out")" -gt "$before" ]; then
			tail -n 1 "$LAB/$n.out" | plain
			return
		fi
		is_there "$n" || { echo "$n has ended"; return; }
		sleep 0.1
	done
	echo "no answer within $((PATIENCE / 10)) s"
}

is() { # wanted said what
	case " $2 " in
	*" $1 "*) ok "$3" ;;
	*) bad "$3: got '$2', not '$1'" ;;
	esac
}
stored() { # answer what
	case $1 in "stored "[1-9]*) ok "$2" ;; *) bad "$2: got '$1'" ;; esac
}
put() { # name kind salt seq v [cas]: by that kind's seed
	local n=$1 kind=$2
	shift 2
	# libtorrent counts seq itself, and knows no cas
	[ "$kind" != lt ] || set -- "$1" "$3"
	say "$n" put "${SEED[$kind]}" "$@"
}
raw() { in_ns swarm "$INTEROP/krpc.py" -b "$FROM" "$TO" 6881 "$@"; }

knows_now() {
	local got
	read -r _ got _ <<<"$(say "$1" nodes)"
	[ "${got:-0}" -ge "$2" ] 2>/dev/null
}
lists_now() { case "$(say "$1" nodes) " in *"$2:"*) return 0 ;; *) return 1 ;; esac; }
# knows NAME N: it has that many others within 30 s
knows() { until_ok 30 knows_now "$@" || { say "$1" nodes; return 1; }; }
# lists NAME ADDRESS: it has this address in its table within 30 s
lists() { until_ok 30 lists_now "$@" || { say "$1" nodes; return 1; }; }

hex_endpoint() { # a.b.c.d port
	local IFS=.
	# shellcheck disable=SC2086
	printf '%02x%02x%02x%02x%04x' $1 "$2"
}
# names ADDRESS IDHEX WHOM: who is asked for the nodes next to this id names
# WHOM under it: it is in its table
names_now() {
	case $(TO=$1 raw find_node "$2") in
	*"$2$(hex_endpoint "$3" 6881)"*) return 0 ;;
	*) return 1 ;;
	esac
}
names() { until_ok 30 names_now "$@" || { TO=$1 raw find_node "$2"; return 1; }; }

ONES=1111111111111111111111111111111111111111
start_transmission() { # its address, whom it is told of
	mkdir "$LAB/transmission"
	echo "{\"bind-address-ipv4\": \"$1\", \"dht-enabled\": true,
		\"peer-port\": 6881, \"lpd-enabled\": false,
		\"port-forwarding-enabled\": false}" >"$LAB/transmission/settings.json"
	echo "$2 6881" >"$LAB/transmission/dht.bootstrap"
	ip netns exec "$(ns swarm)" transmission-cli -g "$LAB/transmission" \
	    -w "$LAB/transmission" "magnet:?xt=urn:btih:$ONES" \
	    >"$LAB/transmission/log" 2>&1 &
	PID[transmission]=$!
	disown
}
start_aria2() { # its address, whom it is told of; its DHT needs a magnet
	mkdir "$LAB/aria2"
	ip netns exec "$(ns swarm)" aria2c --no-conf --enable-dht=true \
	    --enable-dht6=false "--dht-entry-point=$2:6881" \
	    --dht-listen-port=6881 --listen-port=6881 "--interface=$1" \
	    --dht-file-path="$LAB/aria2/dht.dat" --dir="$LAB/aria2" \
	    --bt-enable-lpd=false --show-console-readout=false \
	    "magnet:?xt=urn:btih:$ONES" >"$LAB/aria2/log" 2>&1 &
	PID[aria2]=$!
	disown
}
# aria2 writes its table into a file when it ends: is WHOM (id, address) there?
aria2_saved() { # IDHEX ADDRESS
	kill -INT "${PID[aria2]}"
	until_ok 20 eval '! is_there aria2'
	od -An -v -tx1 "$LAB/aria2/dht.dat" | tr -d ' \n' >"$LAB/aria2/hex"
	grep -q "$(hex_endpoint "$2" 6881)" "$LAB/aria2/hex" &&
		grep -q "$1" "$LAB/aria2/hex"
}
speak_result() {
	local n
	[ ${#FD[@]} -eq 0 ] || leave "${!FD[@]}"
	if [ "$FAILED" -ne 0 ]; then
		for n in "$LAB"/*.err; do
			echo "--- $(basename "$n" .err)"
			tail -n 4 "${n%.err}.out" "$n"
		done
	fi
	lab_result
}
