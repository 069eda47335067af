# What only tests need.  Included by the Makefile.

FUZZ_CC ?= clang
FUZZ_FLAGS = -g -O1 -std=c11 -D_GNU_SOURCE -DMESH_VERSION='"fuzz"' \
	-DMESH_LIBEXECDIR='""' -DMESH_SYSCONFDIR='""' $(INC) -Itests/unit \
	-Itests/sim $(PKG_CFLAGS) -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
FUZZERS := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SRC = $(COMMON) $(PRIV) $(KEYD) $(ENGINE) $(DISC) $(CTL) $(TLSD) $(UPNPD) \
	$(filter-out %/main.c tests/unit/check_%.c,$(wildcard tests/unit/*.c))
FUZZ_OBJ := $(patsubst %.c,$(O)/fuzzobj/%.o,$(FUZZ_SRC))
EVIL := $(patsubst tests/evil/%.c,$(O)/evil/%,$(wildcard tests/evil/*.c))
BENCH := $(patsubst tests/bench/%.c,$(O)/bench/%,$(wildcard tests/bench/*.c))
TOOLS := $(patsubst tests/tools/%.c,$(O)/tools/%,$(filter-out %/malloc_count.c,\
	$(wildcard tests/tools/*.c)))
# the sanitizers have a malloc of their own
COUNTED := $(if $(SAN),,$(O)/count/tunnel-priv $(O)/count/p2p-engine)

$(O)/fuzzobj/%.o: %.c
	@mkdir -p $(dir $@)
	$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(O)/fuzzobj/lib.a: $(FUZZ_OBJ)
	@rm -f $@; ar rcs $@ $^

$(O)/fuzz/%: $(O)/fuzzobj/tests/fuzz/%.o $(O)/fuzzobj/lib.a
	@mkdir -p $(O)/fuzz
	$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^ $(SYSLIBS)

# Tests that run whole engines in virtual time.
$(O)/libsim.a: $(call obj,$(wildcard tests/sim/*.c))
	$(AR_IT)
SIMULATED = $(addprefix $(O)/unit/check_,sim sim_members sim_streams sim_paths sim_relay dht_sim) \
	$(O)/tools/dhtsim
$(SIMULATED): $(O)/libsim.a
$(SIMULATED): LIBS += $(O)/libsim.a

# What becomes of frames on a bad wire.
$(O)/libwire.a: $(call obj,$(wildcard tests/wire/*.c))
	$(AR_IT)
WIRED = $(O)/unit/check_badwire $(O)/tools/wire
$(WIRED): $(O)/libwire.a
$(WIRED): LIBS += $(O)/libwire.a

$(O)/evil/%: $(O)/obj/tests/evil/%.o $(LIBS)
	@mkdir -p $(O)/evil
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(LIBS) \
	    -Wl,--end-group $(SYSLIBS)
$(O)/tools/%: $(O)/obj/tests/tools/%.o $(LIBS)
	@mkdir -p $(O)/tools
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(LIBS) \
	    -Wl,--end-group $(SYSLIBS)
$(O)/bench/%: $(O)/obj/tests/bench/%.o $(LIBS)
	@mkdir -p $(O)/bench
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(LIBS) \
	    -Wl,--end-group $(SYSLIBS)

# Programs that count what they allocate; see tests/netns/t_malloc.
MALLOC_COUNT = $(O)/obj/tests/tools/malloc_count.o
$(O)/count/tunnel-priv: $(O)/obj/tunnel-priv/main.o $(MALLOC_COUNT) \
    $(O)/libpriv.a $(O)/libcommon.a
$(O)/count/p2p-engine: $(O)/obj/p2p-engine/main.o $(MALLOC_COUNT) \
    $(O)/libengine.a $(O)/libcommon.a
$(COUNTED):
	@mkdir -p $(O)/count
	$(LINK) $(SYSLIBS)

PROBE := $(patsubst %.c,$(O)/obj/%.o,$(wildcard tests/sandbox/*.c))
$(O)/probe: $(PROBE) $(O)/libcommon.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(L_SECCOMP)
# OpenBSD's sandbox with recording stubs; see tests/sandbox/openbsd
$(O)/probe-openbsd: common/sandbox_openbsd.c common/sandbox_table.c \
    tests/sandbox/openbsd/stubs.c $(O)/libcommon.a
	$(CC) $(ALL_CFLAGS) -include tests/sandbox/openbsd/stubs.h \
	    $(ALL_LDFLAGS) -o $@ $^

fuzzers: $(FUZZERS)
evil: $(EVIL)
bench-programs: $(BENCH)
test-programs: $(EVIL) $(TOOLS) $(COUNTED) $(O)/probe $(O)/probe-openbsd

fuzz-smoke: fuzzers
	tests/fuzz/run $(O)
fuzz: fuzzers
	FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(O)
netns: all test-programs
	tests/netns/run $(O)
sandbox: $(O)/probe $(O)/probe-openbsd
	tests/sandbox/run $(O)
asan:
	tests/run-asan
# Figures; see tests/bench/README.md.  BENCH_ARGS= are more options.
SIDE_BY_SIDE = BUILD=$(O) tests/bench/side-by-side
AGAINST = --systems bare,mesh,direct,wireguard-go
bench: all $(BENCH) bench-backports
	@s=0; $(SIDE_BY_SIDE) --out $(O)/bench-result $(BENCH_ARGS) || s=1; \
	BUILD=$(O) tests/bench/kill-gap || s=1; exit $$s
bench-quick: all $(BENCH) bench-backports
	$(SIDE_BY_SIDE) --quick --out $(O)/bench-quick $(BENCH_ARGS)
bench-underlay: all $(BENCH) bench-backports
	$(SIDE_BY_SIDE) --underlay nic $(AGAINST) --out $(O)/bench-underlay \
	    $(BENCH_ARGS)
bench-peers: all $(BENCH) bench-backports
	for n in 64 128 1000; do $(SIDE_BY_SIDE) --peers $$n $(AGAINST) \
	    --measures memory,ping,tcp1,udp64 --out $(O)/bench-peers-$$n \
	    $(BENCH_ARGS) || exit 1; done
# what one peer that can't be reached costs the others
bench-blackhole: all $(O)/tools/peerload
	BUILD=$(O) tests/bench/blackhole $(BENCH_ARGS)
bench-versus: all # COMMIT=abc1234
	BUILD=$(O) tests/bench/versus "$(COMMIT)" $(BENCH_ARGS)
# in virtual time, so it may be busy and needs no root
bench-dht: $(O)/tools/dhtsim
	BUILD=$(O) tests/bench/dht $(BENCH_ARGS)
bench-micro: $(O)/bench/micro
	$(O)/bench/micro
# how members reach each other when it is not easy; an hour and more
bench-reach: all $(O)/tools/flooder
	BUILD=$(O) tests/bench/reach $(BENCH_ARGS)
# without them (no network) that system is left out
bench-backports:
	-tests/bench/fetch-backports $(O)/bench-cache
spin: $(O)/tools/breakertab
	tests/spin/run $(O)
lint:
	tests/lint/run
lint-fast:
	tests/lint/run --fast

-include $(shell find $(O)/fuzzobj -name '*.d' 2>/dev/null)
.PHONY: spin fuzzers evil bench-programs test-programs fuzz fuzz-smoke netns sandbox asan lint lint-fast bench \
	bench-quick bench-underlay bench-peers bench-blackhole bench-versus bench-dht bench-micro \
	bench-reach bench-backports
