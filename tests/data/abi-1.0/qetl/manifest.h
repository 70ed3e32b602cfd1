/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifest inside the library: QETL_EMBED_MANIFEST("upper.qetl.json") at file scope of one C or
 * C++ file puts the bytes of that file into an ELF note (section .note.qetl, owner "qetl", type 1),
 * which the host reads without loading the library, and which strip keeps, as the note is part of
 * what is loaded.
 *
 * Invariant: a library holds one such note; its bytes are those of the manifest beside it.
 * Ownership: none at run time.
 * Threads:   none.
 *
 * The assembler looks for the path in the folder where the compiler runs, then in those of -Wa,-I.
 */
#ifndef QETL_MANIFEST_H
#define QETL_MANIFEST_H

/* The section's sizes are padded to 4 bytes, those in the note's head are not, as ELF demands. */
#define QETL_EMBED_MANIFEST(path)                   \
    __asm__(".pushsection .note.qetl,\"a\",%note\n" \
            "    .balign 4\n"                       \
            "    .long 5, 7772f - 7771f, 1\n"       \
            "    .asciz \"qetl\"\n"                 \
            "    .balign 4\n"                       \
            "7771:\n"                               \
            "    .incbin \"" path "\"\n"            \
            "7772:\n"                               \
            "    .balign 4\n"                       \
            ".popsection\n")

#endif
