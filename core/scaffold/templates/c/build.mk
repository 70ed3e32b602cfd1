# make              builds build/newplugin.so
# make test         runs it in pipelines and compares; SANITIZE=1: with AddressSanitizer and UBSan
# make run          runs pipeline.yaml
# make install      copies it to where qetl finds plugins (PLUGINDIR=… for another folder)
CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wpedantic
QETL ?= qetl
SDK_CFLAGS := $(shell pkg-config --cflags qetl-plugin)
SDK_LIBS := $(shell pkg-config --libs qetl-plugin)
PLUGINDIR ?= $(shell pkg-config --variable=plugindir qetl-plugin)

# qetl itself is built without sanitizers, so that their library has to be there before it.
ifdef SANITIZE
BUILD = build-sanitized
SANITIZERS = -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
ifneq ($(findstring clang,$(shell $(CC) --version)),)
SANITIZERS += -shared-libasan
RUNTIME = $(shell $(CC) -print-file-name=libclang_rt.asan-$(shell uname -m).so)
else
RUNTIME = $(shell $(CC) -print-file-name=libasan.so)
endif
else
BUILD = build
endif

# Everything but the entry is hidden: plugins of other authors are in the same process.
$(BUILD)/newplugin.so: newplugin.c newplugin.qetl.json Makefile
	mkdir -p $(BUILD)
	$(CC) -std=c11 $(WARNINGS) $(CFLAGS) $(SANITIZERS) $(SDK_CFLAGS) -fPIC -fvisibility=hidden -shared \
	  -Wl,--exclude-libs,ALL -Wl,-soname,newplugin.so -o $@.tmp newplugin.c $(SDK_LIBS) $(LDLIBS)
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
