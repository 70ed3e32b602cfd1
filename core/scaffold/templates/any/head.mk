# SPDX-License-Identifier: Apache-2.0
# make              builds build/newplugin.so
# make test         runs it in pipelines and compares; SANITIZE=1: with sanitizers
# make check        drives it as any host may: every rule of the ABI (qetl plugin check)
# make run          runs pipeline.yaml
# make install      copies it to where qetl finds plugins (PLUGINDIR=… for another folder)
QETL ?= qetl
