# What only tests need.  Included by the Makefile.

FUZZ_CC ?= clang
FUZZ_FLAGS = -g -O1 -std=c11 -D_GNU_SOURCE -DMESH_VERSION='"fuzz"' \
	-DMESH_LIBEXECDIR='""' -DMESH_SYSCONFDIR='""' $(INC) -Itests/unit \
	-Itests/sim $(PKG_CFLAGS) -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
FUZZERS := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SRC = $(COMMON) $(PRIV) $(KEYD) $(ENGINE) $(DISC) $(CTL) \
	$(filter-out %/main.c tests/unit/check_%.c,$(wildcard tests/unit/*.c))
FUZZ_OBJ := $(patsubst %.c,$(O)/fuzzobj/%.o,$(FUZZ_SRC))
EVIL := $(patsubst tests/evil/%.c,$(O)/evil/%,$(wildcard tests/evil/*.c))
BENCH := $(patsubst tests/bench/%.c,$(O)/bench/%,$(wildcard tests/bench/*.c))

$(O)/fuzzobj/%.o: %.c
	@mkdir -p $(dir $@)
	$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(O)/fuzzobj/lib.a: $(FUZZ_OBJ)
	@rm -f $@; ar rcs $@ $^

$(O)/fuzz/%: $(O)/fuzzobj/tests/fuzz/%.o $(O)/fuzzobj/lib.a
	@mkdir -p $(O)/fuzz
	$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^ $(SYSLIBS)

$(O)/evil/%: $(O)/obj/tests/evil/%.o $(LIBS)
	@mkdir -p $(O)/evil
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(LIBS) \
	    -Wl,--end-group $(SYSLIBS)
$(O)/bench/%: $(O)/obj/tests/bench/%.o $(LIBS)
	@mkdir -p $(O)/bench
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(LIBS) \
	    -Wl,--end-group $(SYSLIBS)

$(O)/probe: $(O)/obj/tests/sandbox/probe.o $(LIBS)
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(LIBS) \
	    -Wl,--end-group $(SYSLIBS)

fuzzers: $(FUZZERS)
evil: $(EVIL)
test-programs: $(EVIL) $(O)/probe

fuzz-smoke: fuzzers
	FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(O)
netns: all test-programs
	tests/netns/run $(O)
sandbox: all $(O)/probe
	tests/sandbox/run $(O)
asan:
	tests/run-asan
bench: all
	tests/bench/kill-gap
lint:
	tests/lint/run
lint-fast:
	tests/lint/run --fast

-include $(shell find $(O)/fuzzobj -name '*.d' 2>/dev/null)
.PHONY: fuzzers evil test-programs fuzz-smoke netns sandbox asan lint lint-fast bench
