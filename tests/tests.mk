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

# Tests that run whole engines in virtual time.
$(O)/libsim.a: $(call obj,$(wildcard tests/sim/*.c))
	$(AR_IT)
SIM_CHECKS = $(addprefix $(O)/unit/check_,sim)
$(SIM_CHECKS): $(O)/libsim.a
$(SIM_CHECKS): LIBS += $(O)/libsim.a

$(O)/evil/%: $(O)/obj/tests/evil/%.o $(LIBS)
	@mkdir -p $(O)/evil
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(LIBS) \
	    -Wl,--end-group $(SYSLIBS)
$(O)/bench/%: $(O)/obj/tests/bench/%.o $(LIBS)
	@mkdir -p $(O)/bench
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(LIBS) \
	    -Wl,--end-group $(SYSLIBS)

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
test-programs: $(EVIL) $(O)/probe $(O)/probe-openbsd

fuzz-smoke: fuzzers
	FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(O)
netns: all test-programs
	tests/netns/run $(O)
sandbox: $(O)/probe $(O)/probe-openbsd
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
