/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

_Thread_local struct qetl_call_note qetl_call_note;
