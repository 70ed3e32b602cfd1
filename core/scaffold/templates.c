/* SPDX-License-Identifier: Apache-2.0 */
/* Which template goes where. The assembler puts the files into the program as they are; it looks
 * for them from the root of the tree, which the build names with -Wa,-I. */
#include "templates.h"
#include "scaffold.h"

enum {
    SOURCE = 1 << QETL_SCAFFOLD_SOURCE,
    TRANSFORM = 1 << QETL_SCAFFOLD_TRANSFORM,
    SINK = 1 << QETL_SCAFFOLD_SINK,
    FORMAT = 1 << QETL_SCAFFOLD_FORMAT,
    KINDS = SOURCE | TRANSFORM | SINK | FORMAT,
    C = 1 << QETL_SCAFFOLD_C,
    CPP = 1 << QETL_SCAFFOLD_CPP,
    RUST = 1 << QETL_SCAFFOLD_RUST,
    LANGS = C | CPP | RUST
};

#define OWN "core/scaffold/templates/"
#define RUST_BINDINGS "sdk/rust/"

/* X(a word for it, kinds, languages, template, name in the new folder). What has one name is one
 * file, in this order. */
#define TEMPLATES(X)                                                                         \
    X(head_mk, KINDS, LANGS, OWN "any/head.mk", "Makefile")                                  \
    X(c_mk, KINDS, C, OWN "c/build.mk", "Makefile")                                          \
    X(cpp_mk, KINDS, CPP, OWN "cpp/build.mk", "Makefile")                                    \
    X(native_mk, KINDS, C | CPP, OWN "native/build.mk", "Makefile")                          \
    X(rust_mk, KINDS, RUST, OWN "rust/build.mk", "Makefile")                                 \
    X(tail_mk, KINDS, LANGS, OWN "any/tail.mk", "Makefile")                                  \
    X(exports, KINDS, C | CPP, OWN "native/exports.map", "exports.map")                      \
    X(border_cpp, KINDS, CPP, OWN "cpp/border.hh", "border.hh")                              \
    X(cargo, KINDS, RUST, OWN "rust/Cargo.toml", "Cargo.toml")                               \
    X(source_c, SOURCE, C, OWN "c/source.c", "newplugin.c")                                  \
    X(transform_c, TRANSFORM, C, OWN "c/transform.c", "newplugin.c")                         \
    X(sink_c, SINK, C, OWN "c/sink.c", "newplugin.c")                                        \
    X(format_c, FORMAT, C, OWN "c/format.c", "newplugin.c")                                  \
    X(source_cpp, SOURCE, CPP, OWN "cpp/source.cc", "newplugin.cc")                          \
    X(transform_cpp, TRANSFORM, CPP, OWN "cpp/transform.cc", "newplugin.cc")                 \
    X(sink_cpp, SINK, CPP, OWN "cpp/sink.cc", "newplugin.cc")                                \
    X(format_cpp, FORMAT, CPP, OWN "cpp/format.cc", "newplugin.cc")                          \
    X(source_rust, SOURCE, RUST, OWN "rust/source.rs", "src/lib.rs")                         \
    X(transform_rust, TRANSFORM, RUST, OWN "rust/transform.rs", "src/lib.rs")                \
    X(sink_rust, SINK, RUST, OWN "rust/sink.rs", "src/lib.rs")                               \
    X(format_rust, FORMAT, RUST, OWN "rust/format.rs", "src/lib.rs")                         \
    X(source_manifest, SOURCE, LANGS, OWN "source/manifest.json", MANIFEST)                  \
    X(source_pipeline, SOURCE, LANGS, OWN "source/pipeline.yaml", "pipeline.yaml")           \
    X(source_test, SOURCE, LANGS, OWN "source/test.sh", "test.sh")                           \
    X(source_readme, SOURCE, LANGS, OWN "source/README.md", "README.md")                     \
    X(source_yours, SOURCE, C | CPP, OWN "source/yours.md", "README.md")                     \
    X(source_yours_rust, SOURCE, RUST, OWN "source/yours-rust.md", "README.md")              \
    X(transform_manifest, TRANSFORM, LANGS, OWN "transform/manifest.json", MANIFEST)         \
    X(transform_pipeline, TRANSFORM, LANGS, OWN "transform/pipeline.yaml", PIPELINE)         \
    X(transform_test, TRANSFORM, LANGS, OWN "transform/test.sh", "test.sh")                  \
    X(transform_readme, TRANSFORM, LANGS, OWN "transform/README.md", "README.md")            \
    X(transform_yours, TRANSFORM, C | CPP, OWN "transform/yours.md", "README.md")            \
    X(transform_yours_rust, TRANSFORM, RUST, OWN "transform/yours-rust.md", "README.md")     \
    X(transform_data, TRANSFORM, LANGS, OWN "transform/payments.csv", "payments.csv")        \
    X(sink_manifest, SINK, LANGS, OWN "sink/manifest.json", MANIFEST)                        \
    X(sink_pipeline, SINK, LANGS, OWN "sink/pipeline.yaml", PIPELINE)                        \
    X(sink_test, SINK, LANGS, OWN "sink/test.sh", "test.sh")                                 \
    X(sink_readme, SINK, LANGS, OWN "sink/README.md", "README.md")                           \
    X(sink_data, SINK, LANGS, OWN "sink/payments.csv", "payments.csv")                       \
    X(format_manifest, FORMAT, LANGS, OWN "format/manifest.json", MANIFEST)                  \
    X(format_pipeline, FORMAT, LANGS, OWN "format/pipeline.yaml", PIPELINE)                  \
    X(format_test, FORMAT, LANGS, OWN "format/test.sh", "test.sh")                           \
    X(format_readme, FORMAT, LANGS, OWN "format/README.md", "README.md")                     \
    X(format_yours_c, FORMAT, C, OWN "format/yours-c.md", "README.md")                       \
    X(format_yours, FORMAT, CPP, OWN "format/yours.md", "README.md")                         \
    X(format_yours_rust, FORMAT, RUST, OWN "format/yours-rust.md", "README.md")              \
    X(format_data, FORMAT, LANGS, OWN "format/settings.txt", "settings.newplugin")           \
    X(readme_tail, KINDS, LANGS, OWN "any/README-tail.md", "README.md")                      \
    X(testing, KINDS, LANGS, OWN "any/testing.sh", "testing.sh")                             \
    X(gitignore, KINDS, LANGS, OWN "any/gitignore", ".gitignore")                            \
    X(ci, KINDS, LANGS, OWN "any/ci.yml", ".github/workflows/ci.yml")                        \
    X(mod_rust, KINDS, RUST, RUST_BINDINGS "mod.rs", "src/qetl/mod.rs")                      \
    X(abi_rust, KINDS, RUST, RUST_BINDINGS "abi.rs", "src/qetl/abi.rs")                      \
    X(border_rust, KINDS, RUST, RUST_BINDINGS "border.rs", "src/qetl/border.rs")             \
    X(arrow_rust, KINDS, RUST, RUST_BINDINGS "arrow.rs", "src/qetl/arrow.rs")                \
    X(parcel_rust, KINDS, RUST, RUST_BINDINGS "parcel.rs", "src/qetl/parcel.rs")             \
    X(parse_rust, KINDS, RUST, RUST_BINDINGS "parse.rs", "src/qetl/parse.rs")                \
    X(render_rust, KINDS, RUST, RUST_BINDINGS "render.rs", "src/qetl/render.rs")             \
    X(row_rust, KINDS, RUST, RUST_BINDINGS "row.rs", "src/qetl/row.rs")                      \
    X(row_source_rust, KINDS, RUST, RUST_BINDINGS "row_source.rs", "src/qetl/row_source.rs") \
    X(row_transform_rust, KINDS, RUST, RUST_BINDINGS "row_transform.rs",                     \
      "src/qetl/row_transform.rs")                                                           \
    X(row_sink_rust, KINDS, RUST, RUST_BINDINGS "row_sink.rs", "src/qetl/row_sink.rs")       \
    X(row_format_rust, KINDS, RUST, RUST_BINDINGS "row_format.rs", "src/qetl/row_format.rs") \
    X(types_rust, KINDS, RUST, RUST_BINDINGS "types.rs", "src/qetl/types.rs")                \
    X(values_rust, KINDS, RUST, RUST_BINDINGS "values.rs", "src/qetl/values.rs")             \
    X(memory_rust, KINDS, RUST, RUST_BINDINGS "memory.rs", "src/qetl/memory.rs")

#define MANIFEST QETL_TEMPLATE_NAME ".qetl.json"
#define PIPELINE "pipeline.yaml"

#define BEGIN(word) qetl_template_##word
#define END(word) qetl_template_##word##_end

#define EMBED(word, kinds, langs, from, to)         \
    extern const char BEGIN(word)[], END(word)[];   \
    __asm__(".pushsection .rodata\n"                \
            ".global qetl_template_" #word "\n"     \
            ".hidden qetl_template_" #word "\n"     \
            "qetl_template_" #word ":\n"            \
            "    .incbin \"" from "\"\n"            \
            ".global qetl_template_" #word "_end\n" \
            ".hidden qetl_template_" #word "_end\n" \
            "qetl_template_" #word "_end:\n"        \
            ".popsection\n");
TEMPLATES(EMBED)

#define ENTRY(word, kinds, langs, from, to) {kinds, langs, to, BEGIN(word), END(word)},
const struct qetl_template qetl_templates[] = {TEMPLATES(ENTRY){0, 0, NULL, NULL, NULL}};
