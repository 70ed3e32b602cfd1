#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes ABI 1.1 out of the header of today: what a later qetl, and a plugin that was built for it, may look like.

Usage: grow.py FOLDER [--host]. FOLDER/sdk holds the headers: each growable struct has a member more, each
table of callbacks a call more, there are a new extension, a new event, and bits that nobody knew. With --host,
FOLDER/core holds a core that offers and uses all of it. A text that is edited and is not found is an error.
"""
import os
import re
import shutil
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXTENSION = """
#define QETL_EXT_GROWN "qetl.grown/1"
struct qetl_grown {
    uint32_t struct_size;
    int32_t (*double_it)(struct qetl_ctx *ctx, int32_t number);
};
enum { QETL_EVENT_GROWN = 99 };

#ifdef __cplusplus
}
#endif

#endif
"""
# What the core of 1.1 does beyond that of today, to whoever says that he knows it.
HOST = {
    "core/host/host.c": [
        ("const struct qetl_host qetl_host_table = {",
         "const struct qetl_host qetl_host_table = {\n    .grown_call = host_grown_call,"),
        ("static const void *host_get_extension",
         """static int32_t host_grown_call(struct qetl_ctx *ctx, uint64_t number)
{
    (void)ctx;
    return (int32_t)number + 1;
}

static int32_t host_double_it(struct qetl_ctx *ctx, int32_t number)
{
    (void)ctx;
    return 2 * number;
}

static const struct qetl_grown host_grown = {sizeof host_grown, host_double_it};

static const void *host_get_extension"""),
        ("    if (strcmp(id, QETL_EXT_OPTIONS) == 0)",
         "    if (strcmp(id, QETL_EXT_GROWN) == 0)\n        return &host_grown;\n    if (strcmp(id, QETL_EXT_OPTIONS) == 0)"),
    ],
    "core/host/instance.c": [
        ("int32_t qetl_instance_start(struct qetl_ctx *ctx)",
         """#define CALL_GROWN(table, self) \\
    ((table) && (table)->struct_size >= offsetof(__typeof__(*(table)), grown_call) + sizeof(void *) && \\
     (table)->grown_call ? (table)->grown_call(self, 7) : QETL_OK)

static int32_t call_grown(struct qetl_ctx *ctx)
{
    const struct qetl_component *c = ctx->component;
    int32_t status = CALL_GROWN(c, ctx->self);
    status = status ? status : CALL_GROWN(c->source, ctx->self);
    status = status ? status : CALL_GROWN(c->transform, ctx->self);
    status = status ? status : CALL_GROWN(c->sink, ctx->self);
    return status ? status : CALL_GROWN(c->format, ctx->self);
}

/* An event that came later than the plugin, which passes it on. */
static int32_t tell_grown(struct qetl_ctx *ctx)
{
    struct qetl_event event = {.struct_size = sizeof event, .kind = QETL_EVENT_GROWN, .grown = 1};
    struct qetl_output out = {.struct_size = sizeof out};
    if (!ctx->component->transform || !ctx->component->transform->process)
        return QETL_OK;
    return ctx->component->transform->process(ctx->self, &event, &out) == QETL_NEED_INPUT ? QETL_OK : QETL_E_FATAL;
}

int32_t qetl_instance_start(struct qetl_ctx *ctx)"""),
        ("    ctx->started = status == QETL_OK;",
         "    status = status ? status : call_grown(ctx);\n    ctx->started = status == QETL_OK;"),
        ("    qetl_call_enter(ctx, \"stop\");", "    if (tell_grown(ctx))\n        return QETL_E_FATAL;\n    qetl_call_enter(ctx, \"stop\");"),
    ],
    "core/run/op_source.c": [(".flags = demand_flags(op)}", ".flags = demand_flags(op) | 1u << 30}")],
    "core/run/decide.c": [(".flags = final ? QETL_EPOCH_FINAL : 0,", ".flags = (final ? QETL_EPOCH_FINAL : 0) | 1u << 30,")],
}


def grow_struct(match):
    name, body = match.groups()
    table = "(*" in body and name not in ("qetl_sample",)
    more = ("    int32_t (*grown_call)(%s, uint64_t number); /* (opt) */\n"
            % ("struct qetl_ctx *ctx" if name == "qetl_host" else "void *self")) if table else "    uint64_t grown;\n"
    return f"struct {name} {{\n    uint32_t struct_size;{body}{more}}};"


def header(text):
    text, structs = re.subn(r"struct (\w+) \{\n    uint32_t struct_size;(.*?\n)\};", grow_struct, text, flags=re.S)
    if structs < 30:
        sys.exit(f"{structs} structs are all that grow")
    for old, new in [("QETL_ABI_MAKE(1, 0)", "QETL_ABI_MAKE(1, 1)"),
                     ("\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n", EXTENSION)]:
        text = edit(text, old, new, "plugin.h")
    return text


def edit(text, old, new, path):
    if text.count(old) != 1:
        sys.exit(f"{path}: {text.count(old)} times in it: {old}")
    return text.replace(old, new)


def main(words):
    folder = words[0] if words else sys.exit(__doc__)
    shutil.copytree(os.path.join(ROOT, "sdk/qetl"), os.path.join(folder, "sdk/qetl"))
    change = {"sdk/qetl/plugin.h": header}
    if "--host" in words:
        for part in ("core", "sdk/src"):
            shutil.copytree(os.path.join(ROOT, part), os.path.join(folder, part))
        for path, edits in HOST.items():
            def edited(text, path=path, edits=edits):
                for old, new in edits:
                    text = edit(text, old, new, path)
                return text
            change[path] = edited
    for path, how in change.items():
        with open(os.path.join(folder, path), encoding="utf-8") as file:
            text = how(file.read())
        with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
