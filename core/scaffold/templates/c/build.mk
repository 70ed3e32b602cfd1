LDLIBS =
CFLAGS ?= -O2 -g
COMPILER = $(CC)
COMPILE = $(CC) -std=gnu11 -Werror=implicit $(CFLAGS)
SOURCES = newplugin.c
