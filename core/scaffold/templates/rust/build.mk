# make              builds build/newplugin.so
# make test         runs it in pipelines and compares; SANITIZE=1: with checks of overflow and debug_assert!, and the heap
#                   watched by AddressSanitizer (what else it sees needs a nightly rustc)
# make run          runs pipeline.yaml
# make install      copies it to where qetl finds plugins (PLUGINDIR=… for another folder)
#
# Nothing but rustc and its standard library is needed (1.63 or later).
RUSTC ?= rustc
RUSTFLAGS ?= -O
QETL ?= qetl
PLUGINDIR ?= $(shell pkg-config --variable=plugindir qetl-plugin)

ifdef SANITIZE
BUILD = build-sanitized
CHECKED = -C debug-assertions -C overflow-checks -C force-frame-pointers
RUNTIME = $(shell gcc -print-file-name=libasan.so)
else
BUILD = build
endif

# Nothing but the entry is exported: that is what a cdylib is.
$(BUILD)/newplugin.so: $(wildcard *.rs) newplugin.qetl.json Makefile
	mkdir -p $(BUILD)
	$(RUSTC) --edition 2021 -D warnings $(RUSTFLAGS) $(CHECKED) --crate-type cdylib --crate-name plugin \
	  -C link-arg=-Wl,-soname,newplugin.so -o $@.tmp newplugin.rs
	cp newplugin.qetl.json $(BUILD)
	mv $@.tmp $@

test: $(BUILD)/newplugin.so
	QETL='$(QETL)' PLUGINS='$(BUILD)' RUNTIME='$(RUNTIME)' sh test.sh

run: $(BUILD)/newplugin.so
	$(QETL) run pipeline.yaml --plugin-dir $(BUILD)

install: $(BUILD)/newplugin.so
	mkdir -p '$(DESTDIR)$(PLUGINDIR)'
	cp $(BUILD)/newplugin.so $(BUILD)/newplugin.qetl.json '$(DESTDIR)$(PLUGINDIR)'

clean:
	rm -rf build build-sanitized

.PHONY: test run install clean
