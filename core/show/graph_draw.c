/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_draw.h"

#include "display.h"

#include <ctype.h>
#include <qetl/plugin.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* "file, csv": what a component is, under its name. */
static void put_plugins(const struct qetl_node *node, void (*put)(const char *, FILE *), FILE *out)
{
    put(node->use.plugin->id, out);
    if (!node->format.plugin)
        return;
    fputs(", ", out);
    put(node->format.plugin->id, out);
}

/* ---- text ---- */

struct tree {
    const struct qetl_pipeline *pipeline;
    FILE *out;
    bool *drawn;  /* one a component */
    char *margin; /* four bytes a level, or two */
    size_t depth;
};

static void put_printable(const char *text, FILE *out)
{
    char *printable = qetl_display_printable(text, strlen(text));
    fputs(printable ? printable : "?", out);
    free(printable);
}

static void put_node(const struct qetl_node *node, FILE *out)
{
    static const char *const words[] = {"?", "source", "transform", "sink"};
    put_printable(node->id, out);
    fprintf(out, "  (%s: ", words[node->kind]);
    put_plugins(node, put_printable, out);
    fputs(")", out);
}

/* The reader after `after` that takes something of a component. */
static const struct qetl_input *next_reader(const struct qetl_pipeline *pipeline, size_t component,
                                            size_t *node, size_t *input)
{
    for (; *node < pipeline->n_nodes; ++*node, *input = 0)
        for (; *input < pipeline->nodes[*node].n_inputs; ++*input)
            if (pipeline->nodes[*node].inputs[*input].component == component)
                return &pipeline->nodes[*node].inputs[(*input)++];
    return NULL;
}

static void draw_readers(struct tree *tree, size_t component);

static void draw_reader(struct tree *tree, const struct qetl_input *input, size_t reader, bool last)
{
    size_t margin = strlen(tree->margin);
    fprintf(tree->out, "%s%s", tree->margin, last ? "└─ " : "├─ ");
    if (input->port) {
        fputc('[', tree->out);
        put_printable(input->port, tree->out);
        fputs("] ", tree->out);
    }
    put_node(&tree->pipeline->nodes[reader], tree->out);
    fputs(tree->drawn[reader] ? "  see above\n" : "\n", tree->out);
    if (tree->drawn[reader])
        return;
    strcpy(tree->margin + margin, last ? "   " : "│  ");
    draw_readers(tree, reader);
    tree->margin[margin] = 0;
}

static void draw_readers(struct tree *tree, size_t component)
{
    size_t node = 0, input = 0, reader = 0;
    const struct qetl_input *edge = next_reader(tree->pipeline, component, &node, &input);
    tree->drawn[component] = true;
    while (edge) {
        reader = node;
        const struct qetl_input *next = next_reader(tree->pipeline, component, &node, &input);
        draw_reader(tree, edge, reader, !next);
        edge = next;
    }
}

int qetl_graph_text(const struct qetl_pipeline *pipeline, FILE *out)
{
    enum { LEVEL_BYTES = 5 };
    struct tree tree = {.pipeline = pipeline,
                        .out = out,
                        .drawn = calloc(pipeline->n_nodes, sizeof *tree.drawn),
                        .margin = calloc(pipeline->n_nodes + 1, LEVEL_BYTES)};
    for (size_t i = 0; tree.drawn && tree.margin && i < pipeline->n_nodes; i++) {
        if (pipeline->nodes[i].kind != QETL_SOURCE)
            continue;
        put_node(&pipeline->nodes[i], out);
        fputc('\n', out);
        draw_readers(&tree, i);
    }
    int failed = tree.drawn && tree.margin ? 0 : -1;
    free(tree.drawn);
    free(tree.margin);
    return failed;
}

/* ---- Mermaid ---- */

/* Its entities are written #name; or #number;, and any sign may be one. */
static void put_mermaid(const char *text, FILE *out)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (isalnum(*at) || *at >= 0x80 || strchr(" ._-/", *at))
            fputc(*at, out);
        else
            fprintf(out, "#%d;", *at);
    }
}

int qetl_graph_mermaid(const struct qetl_pipeline *pipeline, FILE *out)
{
    static const char *const shapes[][2] = {{"[", "]"}, {"[(", ")]"}, {"[", "]"}, {"[[", "]]"}};
    fputs("flowchart LR\n", out);
    for (size_t i = 0; i < pipeline->n_nodes; i++) {
        const struct qetl_node *node = &pipeline->nodes[i];
        fprintf(out, "    n%zu%s\"", i, shapes[node->kind][0]);
        put_mermaid(node->id, out);
        fputs("<br/>", out);
        put_plugins(node, put_mermaid, out);
        fprintf(out, "\"%s\n", shapes[node->kind][1]);
    }
    for (size_t i = 0; i < pipeline->n_nodes; i++) {
        for (size_t k = 0; k < pipeline->nodes[i].n_inputs; k++) {
            const struct qetl_input *input = &pipeline->nodes[i].inputs[k];
            fprintf(out, "    n%zu -->", input->component);
            if (input->port) {
                fputs("|\"", out);
                put_mermaid(input->port, out);
                fputs("\"|", out);
            }
            fprintf(out, " n%zu\n", i);
        }
    }
    return 0;
}

/* ---- Graphviz ---- */

static void put_dot(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        if (*text == '\n')
            fputs("\\n", out);
        else
            fputc(*text, out);
    }
}

int qetl_graph_dot(const struct qetl_pipeline *pipeline, FILE *out)
{
    static const char *const shapes[] = {"box", "cylinder", "box", "folder"};
    fputs("digraph pipeline {\n    rankdir=LR;\n    node [fontname=\"sans-serif\"];\n", out);
    if (pipeline->name) {
        fputs("    label=\"", out);
        put_dot(pipeline->name, out);
        fputs("\";\n", out);
    }
    for (size_t i = 0; i < pipeline->n_nodes; i++) {
        const struct qetl_node *node = &pipeline->nodes[i];
        fprintf(out, "    n%zu [shape=%s, label=\"", i, shapes[node->kind]);
        put_dot(node->id, out);
        fputs("\\n", out);
        put_plugins(node, put_dot, out);
        fputs("\"];\n", out);
    }
    for (size_t i = 0; i < pipeline->n_nodes; i++) {
        for (size_t k = 0; k < pipeline->nodes[i].n_inputs; k++) {
            const struct qetl_input *input = &pipeline->nodes[i].inputs[k];
            fprintf(out, "    n%zu -> n%zu", input->component, i);
            if (input->port) {
                fputs(" [label=\"", out);
                put_dot(input->port, out);
                fputs("\"]", out);
            }
            fputs(";\n", out);
        }
    }
    fputs("}\n", out);
    return 0;
}
