# mesh: build, test, install.  GNU make (gmake on OpenBSD).
#
#	make            programs into build/
#	make check      unit tests (no root, < 30 s)
#	make netns      whole-system tests in network namespaces (root)
#	make asan       unit and netns tests under ASan and UBSan
#	make fuzz-smoke every fuzz target: its corpus and a short search, the
#			same each time
#	make fuzz       ... for FUZZ_SECONDS each, another search each time
#	make lint       format, tidy, cppcheck, shellcheck, mandoc, own rules
#	make install    DESTDIR= PREFIX=
#
# A .c file belongs to the program of its folder; common/ is shared.  Each
# folder makes one archive (main.c left out), so tests link what they name.

O ?= build
CC ?= cc
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
LIBEXECDIR ?= $(PREFIX)/libexec/mesh
MANDIR ?= $(PREFIX)/share/man
SYSCONFDIR ?= /etc
FUZZ_SECONDS ?= 20
VERSION = 0.1.0

PKG_CFLAGS := $(shell pkg-config --cflags libevent openssl jansson \
	libseccomp libmnl)
L_EVENT := $(shell pkg-config --libs libevent_core 2>/dev/null || echo -levent)
L_CRYPTO := $(shell pkg-config --libs libcrypto)
L_SSL := $(shell pkg-config --libs libssl)
L_JSON := $(shell pkg-config --libs jansson)
L_SECCOMP := $(shell pkg-config --libs libseccomp)
L_MNL := $(shell pkg-config --libs libmnl)
L_UPNP := $(shell pkg-config --libs miniupnpc)

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wconversion -Wvla -Wformat=2 \
	-Wno-sign-conversion $(WERROR)
# clang before 16 wants another flag with it: only where it is taken as it is
AUTO_ZERO := $(shell $(CC) -ftrivial-auto-var-init=zero -fsyntax-only \
	-x c /dev/null >/dev/null 2>&1 && echo -ftrivial-auto-var-init=zero)
HARDEN = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE $(AUTO_ZERO)
OPT ?= -O2 -g
INC = -Icommon -Itunnel-priv -Ikeyd -Ip2p-engine -Ip2p-engine/dispatch \
	-Ip2p-engine/wire -Ip2p-engine/resilience -Ip2p-engine/reach \
	-Ip2p-engine/join -Ip2p-engine/pool \
	-Idiscoveryd -Idiscoveryd/dht -Ictl -Itlsd -Iupnpd
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DMESH_VERSION='"$(VERSION)"' \
	-DMESH_LIBEXECDIR='"$(LIBEXECDIR)"' -DMESH_SYSCONFDIR='"$(SYSCONFDIR)"' \
	$(INC) $(PKG_CFLAGS) $(OPT) $(WARN) $(HARDEN) $(SAN) $(CFLAGS)
ALL_LDFLAGS = -pie -pthread -Wl,-z,relro,-z,now -Wl,--as-needed $(SAN) $(LDFLAGS)

src = $(filter-out %_openbsd.c %/main.c %/meshctl.c %/exporter.c,$(wildcard $(1)))
COMMON := $(call src,common/*.c)
PRIV := $(call src,tunnel-priv/*.c)
KEYD := $(call src,keyd/*.c)
ENGINE := $(call src,p2p-engine/*.c p2p-engine/*/*.c)
DISC := $(call src,discoveryd/*.c discoveryd/*/*.c)
CTL := $(call src,ctl/*.c)
TLSD := $(call src,tlsd/*.c)
# near_linux.c has a connect() of its own: for upnpd itself only
UPNPD := $(filter-out upnpd/near_linux.c,$(call src,upnpd/*.c))
FAKE := $(wildcard tests/fake/*.c)

obj = $(patsubst %.c,$(O)/obj/%.o,$(1))
LIBS = $(O)/libupnpd.a $(O)/libtlsd.a $(O)/libctl.a $(O)/libpriv.a $(O)/libengine.a $(O)/libdisc.a \
	$(O)/libkeyd.a $(O)/libcommon.a
PROGRAMS = tunnel-priv keyd p2p-engine mesh-join discoveryd control tlsd \
	upnpd meshctl mesh-exporter
BINS = $(addprefix $(O)/,$(PROGRAMS))
SYSLIBS = $(L_EVENT) $(L_SSL) $(L_CRYPTO) $(L_JSON) $(L_SECCOMP) $(L_MNL) $(L_UPNP)

all: $(BINS)

$(O)/obj/%.o: %.c
	@mkdir -p $(dir $@)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# its scratch buffer costs a packet 4 % if it is zeroed before it is written
$(O)/obj/common/crypto_aead.o: AUTO_ZERO =

AR_IT = @rm -f $@; ar rcs $@ $^
$(O)/libcommon.a: $(call obj,$(COMMON))
	$(AR_IT)
$(O)/libpriv.a: $(call obj,$(PRIV))
	$(AR_IT)
$(O)/libkeyd.a: $(call obj,$(KEYD))
	$(AR_IT)
$(O)/libengine.a: $(call obj,$(ENGINE))
	$(AR_IT)
$(O)/libdisc.a: $(call obj,$(DISC))
	$(AR_IT)
$(O)/libctl.a: $(call obj,$(CTL))
	$(AR_IT)
$(O)/libtlsd.a: $(call obj,$(TLSD))
	$(AR_IT)
$(O)/libupnpd.a: $(call obj,$(UPNPD))
	$(AR_IT)

LINK = $(CC) $(ALL_LDFLAGS) -o $@ $^
$(O)/tunnel-priv: $(O)/obj/tunnel-priv/main.o $(O)/libpriv.a $(O)/libcommon.a
	$(LINK) $(L_EVENT) $(L_MNL) $(L_SECCOMP) $(L_CRYPTO)
$(O)/keyd: $(O)/obj/keyd/main.o $(O)/libkeyd.a $(O)/libcommon.a
	$(LINK) $(L_CRYPTO) $(L_SECCOMP)
$(O)/p2p-engine: $(O)/obj/p2p-engine/main.o $(O)/libengine.a $(O)/libcommon.a
	$(LINK) $(L_EVENT) $(L_CRYPTO) $(L_SECCOMP)
$(O)/mesh-join: $(O)/obj/p2p-engine/join/main.o $(O)/libengine.a \
    $(O)/libcommon.a
	$(LINK) $(L_EVENT) $(L_CRYPTO) $(L_SECCOMP)
$(O)/discoveryd: $(O)/obj/discoveryd/main.o $(O)/libdisc.a $(O)/libcommon.a
	$(LINK) $(L_EVENT) $(L_SECCOMP) $(L_CRYPTO)
$(O)/control: $(O)/obj/ctl/main.o $(O)/libctl.a $(O)/libcommon.a
	$(LINK) $(L_EVENT) $(L_SECCOMP) $(L_CRYPTO)
$(O)/tlsd: $(O)/obj/tlsd/main.o $(O)/libtlsd.a $(O)/libcommon.a
	$(LINK) $(L_EVENT) $(L_SECCOMP) $(L_SSL) $(L_CRYPTO)
$(O)/upnpd: $(O)/obj/upnpd/main.o $(O)/obj/upnpd/near_linux.o \
    $(O)/libupnpd.a $(O)/libcommon.a
	$(LINK) $(L_EVENT) $(L_SECCOMP) $(L_CRYPTO) $(L_UPNP) -pthread
$(O)/mesh-exporter: $(O)/obj/ctl/exporter.o $(O)/libctl.a $(O)/libcommon.a
	$(LINK) $(L_EVENT) $(L_SECCOMP) $(L_CRYPTO)
$(O)/meshctl: $(O)/obj/ctl/meshctl.o $(O)/libctl.a $(O)/libcommon.a
	$(LINK) $(L_JSON) $(L_CRYPTO)

# ---- tests ----
CHECKS := $(patsubst tests/unit/%.c,$(O)/unit/%,$(wildcard tests/unit/check_*.c))
L_CHECK := $(shell pkg-config --libs check 2>/dev/null)

$(O)/unit/%: $(O)/obj/tests/unit/%.o $(LIBS)
	@mkdir -p $(O)/unit
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(LIBS) \
	    -Wl,--end-group $(L_CHECK) $(SYSLIBS)
unit-programs: $(CHECKS)
check: all unit-programs
	tests/run-unit $(O)

-include tests/tests.mk

# ---- install ----
INSTALL = install
install: all
	$(INSTALL) -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBEXECDIR) \
	    $(DESTDIR)$(SYSCONFDIR)/mesh $(DESTDIR)$(MANDIR)/man5 \
	    $(DESTDIR)$(MANDIR)/man7 $(DESTDIR)$(MANDIR)/man8 \
	    $(DESTDIR)$(PREFIX)/lib/systemd/system \
	    $(DESTDIR)$(PREFIX)/lib/sysusers.d \
	    $(DESTDIR)$(PREFIX)/lib/tmpfiles.d \
	    $(DESTDIR)$(PREFIX)/share/doc/mesh $(DESTDIR)$(PREFIX)/share/mesh \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
	    $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(INSTALL) -m 755 $(O)/tunnel-priv $(O)/meshctl $(O)/mesh-exporter \
	    $(DESTDIR)$(SBINDIR)
	for p in keyd p2p-engine mesh-join discoveryd control tlsd upnpd; do \
	    $(INSTALL) -m 755 $(O)/$$p $(DESTDIR)$(LIBEXECDIR) || exit 1; done
	for s in 5 7 8; do \
	    $(INSTALL) -m 644 man/*.$$s $(DESTDIR)$(MANDIR)/man$$s || exit 1; done
	$(INSTALL) -m 644 etc/mesh.conf README.md PROTOCOL.md SECURITY.md \
	    $(DESTDIR)$(PREFIX)/share/doc/mesh
	$(INSTALL) -m 644 etc/prometheus/mesh.rules.yml \
	    $(DESTDIR)$(PREFIX)/share/mesh
	for s in etc/systemd/*; do sed 's|@SBINDIR@|$(SBINDIR)|g' $$s \
	    >$(DESTDIR)$(PREFIX)/lib/systemd/system/$${s##*/} || exit 1; done
	$(INSTALL) -m 644 etc/sysusers.d/mesh.conf \
	    $(DESTDIR)$(PREFIX)/lib/sysusers.d
	$(INSTALL) -m 644 etc/tmpfiles.d/mesh.conf \
	    $(DESTDIR)$(PREFIX)/lib/tmpfiles.d
	$(O)/meshctl completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/meshctl
	$(O)/meshctl completion zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_meshctl
	$(O)/meshctl completion fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/meshctl.fish

clean:
	rm -rf $(O)

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)
.PHONY: all check clean install unit-programs
.SECONDARY:
