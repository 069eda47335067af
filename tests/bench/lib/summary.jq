# What report and svg read from a result file.

# {n, median, min, max} of a measure of a system, or null when there is none
def stat($system; $measure):
	[.samples[] | select(.system == $system and .measure == $measure)
	    | .value] | sort
	| if length == 0 then null
	  else { n: length, min: first, max: last,
	      median: ((.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2) }
	  end;

# at most $d digits behind the point; no exponent
def fixed($d):
	(. * pow(10; $d) | round) as $i
	| ($i % (pow(10; $d) | round) | tostring) as $f
	| ($i / pow(10; $d) | floor | tostring)
	  + if $d == 0 then ""
	    else "." + ("0" * ($d - ($f | length))) + $f end;

# three digits that say something
def short:
	if . >= 100 then fixed(0) elif . >= 10 then fixed(1) else fixed(2) end;

def machine_text:
	"\(.machine.cpu), \(.machine.cores) cores, \(.machine.kernel)";

def settings_text:
	.settings
	| "\(.repeats) interleaved repeats of \(.seconds) s, tunnel MTU \(.tunnel_mtu)"
	  + (if .underlay == "nic" then ", datagrams cross one by one" else "" end)
	  + (if .peers > 0 then ", \(.peers) more peers" else "" end);
