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

/* X(a word for it, kinds, languages, template, name in the new folder) */
#define TEMPLATES(X)                                                              \
    X(makefile_c, KINDS, C, "c/build.mk", "Makefile")                             \
    X(source_c, SOURCE, C, "c/source.c", "newplugin.c")                           \
    X(transform_c, TRANSFORM, C, "c/transform.c", "newplugin.c")                  \
    X(sink_c, SINK, C, "c/sink.c", "newplugin.c")                                 \
    X(format_c, FORMAT, C, "c/format.c", "newplugin.c")                           \
    X(makefile_cpp, KINDS, CPP, "cpp/build.mk", "Makefile")                       \
    X(border_cpp, KINDS, CPP, "cpp/border.hh", "border.hh")                       \
    X(exports_cpp, KINDS, CPP, "cpp/exports.map", "exports.map")                  \
    X(source_cpp, SOURCE, CPP, "cpp/source.cc", "newplugin.cc")                   \
    X(transform_cpp, TRANSFORM, CPP, "cpp/transform.cc", "newplugin.cc")          \
    X(sink_cpp, SINK, CPP, "cpp/sink.cc", "newplugin.cc")                         \
    X(format_cpp, FORMAT, CPP, "cpp/format.cc", "newplugin.cc")                   \
    X(makefile_rust, KINDS, RUST, "rust/build.mk", "Makefile")                    \
    X(qetl_rust, KINDS, RUST, "rust/qetl.rs", "qetl.rs")                          \
    X(border_rust, KINDS, RUST, "rust/border.rs", "border.rs")                    \
    X(arrow_rust, SOURCE | TRANSFORM | FORMAT, RUST, "rust/arrow.rs", "arrow.rs") \
    X(source_rust, SOURCE, RUST, "rust/source.rs", "newplugin.rs")                \
    X(transform_rust, TRANSFORM, RUST, "rust/transform.rs", "newplugin.rs")       \
    X(sink_rust, SINK, RUST, "rust/sink.rs", "newplugin.rs")                      \
    X(format_rust, FORMAT, RUST, "rust/format.rs", "newplugin.rs")                \
    X(source_manifest, SOURCE, LANGS, "source/manifest.json", MANIFEST)           \
    X(source_pipeline, SOURCE, LANGS, "source/pipeline.yaml", "pipeline.yaml")    \
    X(source_test, SOURCE, LANGS, "source/test.sh", "test.sh")                    \
    X(source_readme, SOURCE, LANGS, "source/README.md", "README.md")              \
    X(transform_manifest, TRANSFORM, LANGS, "transform/manifest.json", MANIFEST)  \
    X(transform_pipeline, TRANSFORM, LANGS, "transform/pipeline.yaml", PIPELINE)  \
    X(transform_test, TRANSFORM, LANGS, "transform/test.sh", "test.sh")           \
    X(transform_readme, TRANSFORM, LANGS, "transform/README.md", "README.md")     \
    X(transform_data, TRANSFORM, LANGS, "transform/payments.csv", "payments.csv") \
    X(sink_manifest, SINK, LANGS, "sink/manifest.json", MANIFEST)                 \
    X(sink_pipeline, SINK, LANGS, "sink/pipeline.yaml", PIPELINE)                 \
    X(sink_test, SINK, LANGS, "sink/test.sh", "test.sh")                          \
    X(sink_readme, SINK, LANGS, "sink/README.md", "README.md")                    \
    X(sink_data, SINK, LANGS, "sink/payments.csv", "payments.csv")                \
    X(format_manifest, FORMAT, LANGS, "format/manifest.json", MANIFEST)           \
    X(format_pipeline, FORMAT, LANGS, "format/pipeline.yaml", PIPELINE)           \
    X(format_test, FORMAT, LANGS, "format/test.sh", "test.sh")                    \
    X(format_readme, FORMAT, LANGS, "format/README.md", "README.md")              \
    X(format_data, FORMAT, LANGS, "format/settings.txt", "settings.newplugin")    \
    X(testing, KINDS, LANGS, "any/testing.sh", "testing.sh")                      \
    X(gitignore, KINDS, LANGS, "any/gitignore", ".gitignore")                     \
    X(ci, KINDS, LANGS, "any/ci.yml", ".github/workflows/ci.yml")

#define MANIFEST QETL_TEMPLATE_NAME ".qetl.json"
#define PIPELINE "pipeline.yaml"

#define BEGIN(word) qetl_template_##word
#define END(word) qetl_template_##word##_end

#define EMBED(word, kinds, langs, from, to)                      \
    extern const char BEGIN(word)[], END(word)[];                \
    __asm__(".pushsection .rodata\n"                             \
            ".global qetl_template_" #word "\n"                  \
            ".hidden qetl_template_" #word "\n"                  \
            "qetl_template_" #word ":\n"                         \
            "    .incbin \"core/scaffold/templates/" from "\"\n" \
            ".global qetl_template_" #word "_end\n"              \
            ".hidden qetl_template_" #word "_end\n"              \
            "qetl_template_" #word "_end:\n"                     \
            ".popsection\n");
TEMPLATES(EMBED)

#define ENTRY(word, kinds, langs, from, to) {kinds, langs, to, BEGIN(word), END(word)},
const struct qetl_template qetl_templates[] = {TEMPLATES(ENTRY){0, 0, NULL, NULL, NULL}};
