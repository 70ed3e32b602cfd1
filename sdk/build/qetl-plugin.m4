# SPDX-License-Identifier: Apache-2.0
# serial 1
#
# QETL_PLUGIN_SDK([MODULE-VERSION])
# ---------------------------------
# Looks for what a plugin of qetl is built with, by pkg-config. Substitutes
#   QETL_PLUGIN_CFLAGS, QETL_PLUGIN_LIBS       the headers and the helper library
#   QETL_MODULE_CFLAGS, QETL_MODULE_LDFLAGS    what makes a program of automake's a plugin
#   QETL_TESTHOST_CFLAGS, QETL_TESTHOST_LIBS   for unit tests
#   qetlplugindir                              where plugins are installed (--with-qetlplugindir)
AC_DEFUN([QETL_PLUGIN_SDK], [
PKG_CHECK_MODULES([QETL_PLUGIN], [qetl-plugin m4_ifval([$1], [>= $1])])
PKG_CHECK_MODULES([QETL_TESTHOST], [qetl-testhost])
PKG_CHECK_VAR([QETL_MODULE_CFLAGS], [qetl-plugin], [module_cflags], [],
  [AC_MSG_ERROR([qetl-plugin.pc does not say how plugins are compiled])])
PKG_CHECK_VAR([QETL_MODULE_LDFLAGS], [qetl-plugin], [module_ldflags], [],
  [AC_MSG_ERROR([qetl-plugin.pc does not say how plugins are linked])])
PKG_CHECK_VAR([QETL_PLUGINDIR], [qetl-plugin], [plugindir])
AC_ARG_WITH([qetlplugindir],
  [AS_HELP_STRING([--with-qetlplugindir=DIR], [install the plugin there @<:@where qetl looks@:>@])],
  [], [with_qetlplugindir=$QETL_PLUGINDIR])
AC_SUBST([qetlplugindir], [$with_qetlplugindir])
])
