LDLIBS =
CXXFLAGS ?= -O2 -g
COMPILER = $(CXX)
COMPILE = $(CXX) -std=c++17 $(CXXFLAGS)
SOURCES = newplugin.cc
HEADERS = border.hh
WATCHED = libstdc++.so.6
