#!/bin/bash
# The result file: machine, settings, versions and every sample.  Sourced.

machine() {
	jq -n --arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo |
		head -n 1)" \
	    --argjson cores "$(nproc)" \
	    --arg kernel "$(uname -sr)" \
	    --arg arch "$(uname -m)" \
	    --arg system "$(. /etc/os-release && echo "$PRETTY_NAME")" \
	    --argjson memory "$(awk '/^MemTotal/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)" \
	    --arg virtual "$(systemd-detect-virt 2>/dev/null)" \
	    --arg iperf3 "$(iperf3 --version | awk 'NR == 1 { print $2 }')" '
	    { cpu: (if $cpu == "" then $arch else $cpu end), cores: $cores,
	      kernel: $kernel, arch: $arch, system: $system, memory: $memory,
	      virtual: $virtual, iperf3: $iperf3 }'
}

settings() {
	jq -n --argjson repeats "$REPEATS" --argjson seconds "$RUN" \
	    --argjson pings "$PINGS" --argjson peers "$PEERS" \
	    --argjson mtu "$MTU" --arg underlay "$UNDERLAY" \
	    --arg load "$START_LOAD" --argjson busy "$START_BUSY" '
	    { repeats: $repeats, seconds: $seconds, pings: $pings,
	      peers: $peers, tunnel_mtu: $mtu, underlay: $underlay,
	      load_before: ($load | tonumber), busy_before_percent: $busy }'
}

# those that ran in the order of the list, then those that could not
systems() {
	local s
	for s in $SYSTEMS "${!SKIPPED[@]}"; do
		jq -n --arg name "$s" --arg version "${VERSION[$s]:-}" \
		    --arg skipped "${SKIPPED[$s]:-}" \
		    --arg failed "${FAILED[$s]:-}" '
		    { name: $name, version: $version, skipped: $skipped,
		      failed: $failed } | with_entries(select(.value != ""))'
	done | jq -s .
}

result_write() { # file
	jq -s --argjson machine "$(machine)" --argjson settings "$(settings)" \
	    --argjson systems "$(systems)" --arg date "$(date -u +%FT%TZ)" '
	    { format: 1, date: $date, machine: $machine, settings: $settings,
	      systems: $systems, samples: . }' "$SAMPLES" >"$1"
}

# what was asked for by --json, --svg and --out
result_copy() {
	[ -z "$JSON" ] || cp "$LAB/result.json" "$JSON"
	[ -z "$SVG" ] || "$HERE/svg" "$LAB/result.json" >"$SVG"
	[ -n "$OUT" ] || return 0
	cp "$LAB/result.json" "$LAB/report.txt" "$OUT/"
	"$HERE/svg" "$LAB/result.json" >"$OUT/result.svg"
}
