
all: $(BUILD)/newplugin.so

test: $(BUILD)/newplugin.so
	QETL='$(QETL)' PLUGINS='$(BUILD)' RUNTIME='$(RUNTIME)' sh test.sh

check: $(BUILD)/newplugin.so
	LD_PRELOAD='$(RUNTIME)' $(QETL) plugin check $(BUILD)/newplugin.so

run: $(BUILD)/newplugin.so
	$(QETL) run pipeline.yaml --plugin-dir $(BUILD)

PLUGINDIR ?= $(shell pkg-config --variable=plugindir qetl-plugin)
install: $(BUILD)/newplugin.so
	mkdir -p '$(DESTDIR)$(PLUGINDIR)'
	cp $(BUILD)/newplugin.so $(BUILD)/newplugin.qetl.json '$(DESTDIR)$(PLUGINDIR)'

clean:
	rm -rf build build-sanitized

.PHONY: all test check run install clean
