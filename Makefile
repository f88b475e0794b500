# gd2: a management plane for GlusterFS. `make` alone lists the targets.
SHELL := /bin/bash
CONFIGURATION ?= debug
PREFIX ?= /usr
DESTDIR ?=
BUILD = $(if $(filter release,$(CONFIGURATION)),$(AS_NEEDED)) swift build --configuration $(CONFIGURATION) --explicit-target-dependency-import-check error
BIN = $(CURDIR)/.build/$(CONFIGURATION)
PROGRAMS = gd2-store gd2-rest gd2-pmap gd2-brickd
PACKAGES = attr btrfs-progs curl dbus etcd-client etcd-server gcc glusterfs-client glusterfs-server groff-base iproute2 \
	jq libc6-dev libcap-dev libstdc++-12-dev libsystemd-dev openssl pkg-config procps python3 systemd util-linux xfsprogs zlib1g-dev
export SWIFT_BACKTRACE = enable=no
# Of the libraries that swiftc names, a release loads those that it uses (docs/decisions/0044-as-needed.md): clang,
# which calls the linker, puts this in front of them.
AS_NEEDED = CCC_OVERRIDE_OPTIONS='\#^-Qunused-arguments ^-Wl,--as-needed'

.PHONY: help setup build demo test unit fuzz e2e hosts e2e-faults bench check fix proto man install uninstall

help:
	@echo 'setup      install the Debian packages that building and testing need (root)'
	@echo 'build      build all programs (CONFIGURATION=release for speed)'
	@echo 'demo       run a node, make a volume, mount it, write and read a file, clean up (root)'
	@echo 'test       unit, end-to-end and systemd tests (root)'
	@echo 'e2e-faults seeded faults on three and on five hosts, 15 minutes each (root; SEED=n)'
	@echo 'sim        simulate a cluster with faults: SEED=n [ROUNDS=m] (docs/simulation.md)'
	@echo 'fuzz       fuzz the parsers with libFuzzer, FUZZ_SECONDS each (60)'
	@echo 'bench      compare with the glusterd of this distribution (root)'
	@echo 'check      format and house rules'
	@echo 'fix        put right what check can put right'
	@echo 'man        make the manual pages of what was built, in .build/man'
	@echo 'install    install programs, units, manual pages and docs below DESTDIR (root)'
	@echo 'uninstall  take them away again'

# The distribution's own glusterd and etcd would take our ports: they are kept from starting while
# they are installed, and disabled; one that runs already is left alone, and said.
setup:
	@missing=; for p in $(PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
		echo "installing:$$missing"; \
		own=; [ -e /usr/sbin/policy-rc.d ] || { own=1; printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; }; \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $$missing; \
		status=$$?; [ -z "$$own" ] || rm -f /usr/sbin/policy-rc.d; \
		[ $$status = 0 ] || exit $$status; \
		if [ -d /run/systemd/system ]; then systemctl disable -q glusterd etcd || true; fi; \
	fi
	@if pgrep -x glusterd >/dev/null; then echo 'note: a glusterd runs here; gd2 conflicts with it'; fi

build: setup
	$(BUILD)

demo: build
	BIN=$(BIN) VERBOSE=1 Tests/e2e/run Tests/demo.sh

test: build unit e2e hosts

unit: setup
	Tests/unit/run

fuzz: setup
	Tests/fuzz/run

sim: SEED ?= 1
sim: ROUNDS ?= 1
sim:
	@SIM_SEED=$(SEED) SIM_ROUNDS=$(ROUNDS) SIM_MUTATION=$(MUTATION) SIM_DEAD=$(DEAD) SIM_LOCKS_FIRST=$(LOCKS_FIRST) swift test --filter SimulationTests/theSeedsThatAreAskedFor

e2e:
	BIN=$(BIN) Tests/e2e/run

hosts:
	BIN=$(BIN) Tests/hosts/run

# One host at a time of three, then two at a time of five.
FAULT_SECONDS ?= 900
e2e-faults: build
	for hosts in 3 5; do \
		HOSTS=$$hosts FAULT_SECONDS=$(FAULT_SECONDS) SEED=$(SEED) LIMIT=$$(($(FAULT_SECONDS) + 900)) VERBOSE=1 \
			BIN=$(BIN) Tests/hosts/run Tests/hosts/faults.sh || exit 1; done

# A debug build says nothing about speed.
bench: setup
	$(AS_NEEDED) swift build --configuration release --explicit-target-dependency-import-check error
	swift build --configuration release --package-path Tests/bench/bare --scratch-path .build/bare
	BARE=$(CURDIR)/.build/bare/release BIN=$(CURDIR)/.build/release Tests/bench/run

check:
	swift format lint --strict --recursive --parallel Package.swift $$(git ls-files 'Sources/*.swift' 'Tests/*.swift' | grep -v '\.pb\.swift\|\.grpc\.swift\|OptionRows+')
	swift test --filter TidyTests

fix:
	swift format --in-place --recursive --parallel Package.swift $$(git ls-files 'Sources/*.swift' 'Tests/*.swift' | grep -v '\.pb\.swift\|\.grpc\.swift\|OptionRows+')

# Needs protoc and the two generators of the packages in PATH.
# What one contract takes of another it imports from that one's target.
OPTIONS = Visibility=Package,UseAccessLevelOnImports=true,ProtoPathModuleMappings=Sources/modules.asciipb
proto:
	for d in EtcdAPI/proto:EtcdAPI StoreAPI:StoreAPI NodeAPI:NodeAPI BrickAPI:BrickAPI PmapAPI:PmapAPI; do \
		from=Sources/$${d%:*} to=Sources/$${d#*:}; \
		protoc -I $$from -I Sources/StoreAPI --swift_out=$$to --swift_opt=$(OPTIONS) \
			--grpc-swift-2_out=$$to --grpc-swift-2_opt=$(OPTIONS) $$from/*.proto; \
	done; rm -f Sources/EtcdAPI/mvcc.grpc.swift
	sed -i '/^package import StoreAPI$$/d' Sources/NodeAPI/node.pb.swift # only its service needs it

# Commands, flags and settings are asked of the programs, the rest is in docs/operators.
man:
	rm -rf .build/man && man/generate $(BIN) .build/man
	@echo 'read one: man -l .build/man/man8/gd2-store.8'

LIBRARIES = $(PREFIX)/lib/gd2
MAN = $(PREFIX)/share/man
DOC = $(PREFIX)/share/doc/gd2
install:
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(LIBRARIES) \
		$(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/lib/sysusers.d \
		$(DESTDIR)$(PREFIX)/lib/tmpfiles.d $(DESTDIR)/etc/logrotate.d $(DESTDIR)/etc/gd2
	for p in $(PROGRAMS); do Tests/hosts/install-program $(BIN)/$$p $(DESTDIR)$(PREFIX)/sbin/$$p $(DESTDIR) $(LIBRARIES); done
	Tests/hosts/install-program $(BIN)/glustercli $(DESTDIR)$(PREFIX)/bin/glustercli $(DESTDIR) $(LIBRARIES)
	install -m 644 units/*.service units/*.socket units/*.slice $(DESTDIR)$(PREFIX)/lib/systemd/system/
	install -m 644 units/gd2.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/gd2.conf
	install -m 644 units/gd2.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/gd2.conf
	install -m 644 units/gd2.logrotate $(DESTDIR)/etc/logrotate.d/gd2
	pages=$$(mktemp -d) && man/generate $(BIN) $$pages && cd $$pages && \
		for page in man*/*; do install -d $(DESTDIR)$(MAN)/$${page%/*}; gzip -9nc $$page >$(DESTDIR)$(MAN)/$$page.gz; done; \
		status=$$?; rm -rf $$pages; exit $$status
	for page in README.md CHANGELOG.md LICENSE units/README.md $$(find docs -name '*.md'); do \
		install -D -m 644 $$page $(DESTDIR)$(DOC)/$$page; done
	@echo 'now: systemd-sysusers && systemd-tmpfiles --create && systemctl daemon-reload &&'
	@echo '     systemctl enable --now gd2-store gd2-etcd gd2-pmap gd2-brickd gd2-rest'

uninstall:
	for p in $(PROGRAMS); do rm -f $(DESTDIR)$(PREFIX)/sbin/$$p; done
	rm -rf $(DESTDIR)$(PREFIX)/bin/glustercli $(DESTDIR)$(LIBRARIES)
	for u in units/*.service units/*.socket units/*.slice; do rm -f $(DESTDIR)$(PREFIX)/lib/systemd/system/$${u##*/}; done
	rm -rf $(DESTDIR)$(MAN)/man8/gd2-*.8.gz $(DESTDIR)$(MAN)/man8/glustercli*.8.gz $(DESTDIR)$(MAN)/man7/gd2.7.gz $(DESTDIR)$(MAN)/man5/gd2.toml.5.gz $(DESTDIR)$(DOC)
	rm -f $(DESTDIR)$(PREFIX)/lib/sysusers.d/gd2.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/gd2.conf $(DESTDIR)/etc/logrotate.d/gd2
