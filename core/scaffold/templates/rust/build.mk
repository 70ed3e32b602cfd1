# make CARGO=cargo  builds it by cargo, as Cargo.toml says, for those who want crates; else rustc alone is needed (1.63 or later)
RUSTC ?= rustc
RUSTFLAGS ?= -O

# SANITIZE=1: checks of overflow and debug_assert!, and the heap watched by AddressSanitizer. What else it sees needs a nightly
# rustc.
ifdef SANITIZE
BUILD = build-sanitized
CHECKED = -C debug-assertions -C overflow-checks -C force-frame-pointers
RUNTIME = $(shell gcc -print-file-name=libasan.so)
else
BUILD = build
endif
LINKED = -D warnings $(CHECKED) -C link-arg=-Wl,-soname,newplugin.so

# Nothing but the entry is exported: that is what a cdylib is.
$(BUILD)/newplugin.so: $(wildcard src/*.rs src/*/*.rs) newplugin.qetl.json Makefile Cargo.toml
	mkdir -p $(BUILD)
ifdef CARGO
	$(CARGO) rustc --release --target-dir $(BUILD)/cargo $(CARGOFLAGS) -- $(LINKED)
	cp $(BUILD)/cargo/release/libplugin.so $@.tmp
else
	$(RUSTC) --edition 2021 $(RUSTFLAGS) --crate-type cdylib --crate-name plugin $(LINKED) -o $@.tmp src/lib.rs
endif
	cp newplugin.qetl.json $(BUILD)
	mv $@.tmp $@
