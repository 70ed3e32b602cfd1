LDLIBS =
CFLAGS ?= -O2 -g
COMPILER = $(CC)
COMPILE = $(CC) -std=c11 $(CFLAGS)
SOURCES = newplugin.c
