WARNINGS = -Wall -Wextra -Wpedantic
SDK_CFLAGS := $(shell pkg-config --cflags qetl-plugin)
SDK_LIBS := $(shell pkg-config --libs qetl-plugin)

# qetl itself is built without sanitizers: their library has to be there before it, and that of C++, whose exceptions they
# watch.
ifdef SANITIZE
BUILD = build-sanitized
SANITIZERS = -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
ifneq ($(findstring clang,$(shell $(COMPILER) --version)),)
SANITIZERS += -shared-libasan
RUNTIME = $(shell $(COMPILER) -print-file-name=libclang_rt.asan-$(shell uname -m).so)
else
RUNTIME = $(shell $(COMPILER) -print-file-name=libasan.so)
endif
RUNTIME += $(foreach library,$(WATCHED),$(shell $(COMPILER) -print-file-name=$(library)))
else
BUILD = build
endif

# Everything but the entry is hidden, what comes of templates of C++'s library too: plugins of other authors are in the same
# process.
$(BUILD)/newplugin.so: $(SOURCES) $(HEADERS) exports.map newplugin.qetl.json Makefile
	mkdir -p $(BUILD)
	$(COMPILE) $(WARNINGS) $(SANITIZERS) $(SDK_CFLAGS) -fPIC -fvisibility=hidden -shared \
	  -Wl,--version-script,exports.map -Wl,-soname,newplugin.so -o $@.tmp $(SOURCES) $(SDK_LIBS) $(LDLIBS)
	cp newplugin.qetl.json $(BUILD)
	mv $@.tmp $@
