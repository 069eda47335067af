# shellcheck shell=bash
# Translators, and hosts behind them; after lib.sh and lab_init.
#
#	host 10.NUM.0.2 --- 10.NUM.0.1 router 192.0.2.NUM --- net
#
# A router is a host of the lab; what is behind it is made before the node of
# the same name is (lab_node takes the namespace that is there).  Recipes:
#
#	none       no translation: the inside is routed
#	full       endpoint-independent mapping and filtering, to host .2
#	address    ... mapping, address-dependent filtering, to host .2
#	port       ... mapping, filtering by address and port
#	symmetric  a port of its own for each destination
#	blocked    no UDP passes
#	web        nothing passes but TCP to port 443
#
# Whoever asks nobody for something is not the router's own guest: a packet
# that comes first must not get an entry that takes the inside's port.  The
# recipe "trap" is "port" without that, as home routers can be.
declare -A NAT_NET=() # router -> 10.NUM.0
nat_router() { # name number
	lab_host "$1" "$2"
	NAT_NET[$1]=10.$2.0
	in_ns "$1" sysctl -qw net.ipv4.ip_forward=1
	ip -n "$(ns "$1")" link add inside type bridge
	# what turns round is routed, not bridged past the second half of the
	# translation; a kernel without br_netfilter has no such switch
	in_ns "$1" sysctl -eqw net.bridge.bridge-nf-call-iptables=0
	ip -n "$(ns "$1")" addr add "${NAT_NET[$1]}.1/24" dev inside
	ip -n "$(ns "$1")" link set inside up
}
# The uplink of a router goes into another's inside: two translators in a row.
nat_behind() { # router outer number-in-its-net
	ip -n "$(ns "$1")" link del eth0
	ip -n "$(ns "$1")" link add eth0 type veth peer name "u-$1" \
	    netns "$(ns "$2")"
	ip -n "$(ns "$2")" link set "u-$1" master inside up
	ip -n "$(ns "$1")" addr add "${NAT_NET[$2]}.$3/24" dev eth0
	ip -n "$(ns "$1")" link set eth0 up
	ip -n "$(ns "$1")" route replace default via "${NAT_NET[$2]}.1"
}
nat_inside() { # name router number-in-its-net
	NUM[$1]=$3
	ip netns add "$(ns "$1")"
	ip -n "$(ns "$1")" link set lo up
	ip -n "$(ns "$1")" link add eth0 type veth peer name "i-$1" \
	    netns "$(ns "$2")"
	ip -n "$(ns "$2")" link set "i-$1" master inside up
	ip -n "$(ns "$1")" addr add "${NAT_NET[$2]}.$3/24" dev eth0
	ip -n "$(ns "$1")" link set eth0 up
	ip -n "$(ns "$1")" route add default via "${NAT_NET[$2]}.1"
}
nat_chain_out() { # flags of masquerade
	echo 'chain post { type nat hook postrouting priority 100;'
	echo "	oifname eth0 masquerade $1"
	echo '}'
}
nat_chain_mine() {
	echo 'chain mine { type filter hook input priority 0;'
	echo '	iifname eth0 ct state new drop'
	echo '}'
}
nat_rules() { # router recipe
	local to=${NAT_NET[$1]}.2
	in_ns "$1" nft flush ruleset
	{
		echo 'table ip nat {'
		case $2 in
		none) ;;
		full)
			cat <<-END
			chain pre { type nat hook prerouting priority -100;
				iifname eth0 meta l4proto udp dnat to $to
			}
			END
			nat_chain_out "" ;;
		address)
			cat <<-END
			set ok { type ipv4_addr; flags dynamic,timeout; timeout 2m; }
			chain seen { type filter hook forward priority 0;
				oifname eth0 meta l4proto udp \
				    update @ok { ip daddr }
			}
			chain pre { type nat hook prerouting priority -100;
				iifname eth0 meta l4proto udp ip saddr @ok \
				    dnat to $to
			}
			END
			nat_chain_out ""
			nat_chain_mine ;;
		port)
			nat_chain_out ""
			nat_chain_mine ;;
		trap)
			nat_chain_out "" ;;
		symmetric)
			nat_chain_out fully-random
			nat_chain_mine ;;
		blocked)
			nat_chain_out ""
			cat <<-END
			chain stop { type filter hook forward priority 0;
				meta l4proto udp drop
			}
			END
			;;
		web)
			nat_chain_out ""
			cat <<-END
			chain stop { type filter hook forward priority 0;
				oifname eth0 tcp dport 443 accept
				oifname eth0 drop
			}
			END
			;;
		*)
			echo '}'
			bad "no recipe $2" ;;
		esac
		echo '}'
	} >"$LAB/nft-$1"
	in_ns "$1" nft -f "$LAB/nft-$1" || bad "the rules of $2"
}
# nat_hairpin ROUTER HOST PORT [HOST PORT ...]: a datagram from inside to the
# router's own outer address and that port turns round to that host of its net,
# as if it came from outside.  After the rules "port", which keep ports.
nat_hairpin() {
	local r=$1 out
	out=$(ip -n "$(ns "$r")" -4 -o addr show dev eth0 |
		awk '{ sub("/.*", "", $4); print $4; exit }')
	shift
	{
		echo 'table ip hairpin {'
		echo 'chain pre { type nat hook prerouting priority -100;'
		while [ $# -gt 0 ]; do
			echo "iifname inside ip daddr $out udp dport $2" \
			    "dnat to ${NAT_NET[$r]}.$1"
			shift 2
		done
		echo '}'
		echo 'chain post { type nat hook postrouting priority 99;'
		echo "iifname inside oifname inside snat to $out"
		printf '}\n}\n'
	} >"$LAB/nft-$r-hairpin"
	in_ns "$r" nft -f "$LAB/nft-$r-hairpin" || bad "hairpin of $r"
}
# The router forgets all that it translates, as after a restart: entries are
# deleted by netlink (nf_conntrack), since rules leave them as they are.
nat_forget() { # router
	in_ns "$1" python3 -c '
import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
# IPCTNL_MSG_CT_DELETE of NFNL_SUBSYS_CTNETLINK; NLM_F_REQUEST | NLM_F_ACK
s.send(struct.pack("=LHHLL", 20, 0x102, 5, 1, 0) + struct.pack("=BBH", 0, 0, 0))
error = struct.unpack_from("=l", s.recv(4096), 16)[0]
raise SystemExit(error != 0)'
}
