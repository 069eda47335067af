#!/bin/bash
# CPU time and memory of daemons and of the machine, from /proc.  Sourced.

# shellcheck disable=SC2034 # measure.sh needs it
TICKS=$(getconf CLK_TCK)
SAMPLER=""

# utime + stime of processes with all their threads, in ticks
cpu_of() { # pid ...
	local p files=()
	for p; do
		files+=("/proc/$p/stat")
	done
	[ $# -eq 0 ] && echo 0 && return
	cat "${files[@]}" 2>/dev/null | awk '
		{ sub(/.*\) /, ""); t += $12 + $13 }
		END { print t + 0 }'
}

# busy and total ticks of the machine.  Stolen time is neither ours nor idle.
cpu_machine() {
	awk '/^cpu / {
		busy = $2 + $3 + $4 + $7 + $8
		print busy, busy + $5 + $6
		exit
	}' /proc/stat
}

# Waits at least MIN seconds, then until the machine has been quiet for 0.3 s,
# at most MAX; sets BUSY to the share of the last window in percent.
rest() { # min max
	local min=$1 end=$((SECONDS + $2)) b0 t0 b1 t1
	read -r b0 t0 <<<"$(cpu_machine)"
	nap "$min"
	while :; do
		read -r b1 t1 <<<"$(cpu_machine)"
		BUSY=$((t1 > t0 ? 100 * (b1 - b0) / (t1 - t0) : 0))
		[ $BUSY -ge 10 ] && [ $SECONDS -lt "$end" ] || return 0
		b0=$b1
		t0=$t1
		nap 0.3
	done
}

# prints "PSS RSS" in octets of processes, without a fork: sampling is cheap
memory_of() { # pid ...
	local pid line pss=0 rss=0 lines
	for pid; do
		lines=()
		{ mapfile -t lines <"/proc/$pid/smaps_rollup"; } 2>/dev/null
		for line in "${lines[@]}"; do
			# shellcheck disable=SC2086
			set -- $line
			case $1 in
			Pss:) pss=$((pss + $2)) ;;
			Rss:) rss=$((rss + $2)) ;;
			esac
		done
	done
	echo "$((pss * 1024)) $((rss * 1024))"
}

# the larger node of both, "PSS RSS"
memory_now() {
	local pids side
	for side in A B; do
		read -ra pids <<<"$(side_pids $side)"
		memory_of "${pids[@]}"
	done | memory_peak
}
memory_peak() {
	awk '$1 > p { p = $1 } $2 > r { r = $2 } END { print p + 0, r + 0 }'
}

# samples both nodes every 0.3 s into $DIR/memory until watch_memory_stop
watch_memory_start() {
	local a b
	[ -n "${DAEMONS[A]}" ] || return 0
	read -ra a <<<"$(side_pids A)"
	read -ra b <<<"$(side_pids B)"
	while :; do
		memory_of "${a[@]}"
		memory_of "${b[@]}"
		nap 0.3
	done >>"$DIR/memory" &
	SAMPLER=$!
	disown $!
}
watch_memory_stop() {
	[ -z "$SAMPLER" ] || kill "$SAMPLER" 2>/dev/null
	SAMPLER=""
}
