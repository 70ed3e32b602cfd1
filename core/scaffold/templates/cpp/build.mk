# make              builds build/newplugin.so
# make test         runs it in pipelines and compares; SANITIZE=1: with AddressSanitizer and UBSan
# make run          runs pipeline.yaml
# make install      copies it to where qetl finds plugins (PLUGINDIR=… for another folder)
CXXFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wpedantic
QETL ?= qetl
SDK_CFLAGS := $(shell pkg-config --cflags qetl-plugin)
SDK_LIBS := $(shell pkg-config --libs qetl-plugin)
PLUGINDIR ?= $(shell pkg-config --variable=plugindir qetl-plugin)

# qetl itself is built without sanitizers, and is no C++: their library has to be there before it, and that of C++, whose
# exceptions they watch.
ifdef SANITIZE
BUILD = build-sanitized
SANITIZERS = -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
ifneq ($(findstring clang,$(shell $(CXX) --version)),)
SANITIZERS += -shared-libasan
RUNTIME = $(shell $(CXX) -print-file-name=libclang_rt.asan-$(shell uname -m).so)
else
RUNTIME = $(shell $(CXX) -print-file-name=libasan.so)
endif
RUNTIME += $(shell $(CXX) -print-file-name=libstdc++.so.6)
else
BUILD = build
endif

# Everything but the entry is hidden, what comes of templates of the standard library too: plugins of other authors are in
# the same process.
$(BUILD)/newplugin.so: newplugin.cc border.hh exports.map newplugin.qetl.json Makefile
	mkdir -p $(BUILD)
	$(CXX) -std=c++17 $(WARNINGS) $(CXXFLAGS) $(SANITIZERS) $(SDK_CFLAGS) -fPIC -fvisibility=hidden -shared \
	  -Wl,--version-script,exports.map -Wl,-soname,newplugin.so -o $@.tmp newplugin.cc $(SDK_LIBS) $(LDLIBS)
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
