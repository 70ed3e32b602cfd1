/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pipeline under examination: its state, and what is known of the file that it is.
 *
 * Invariant: `pipeline` is the one that the state was written by, or has changed since, which was
 *            told; NULL: nobody knows it.
 * Ownership: the patient owns the exam, the facts and what it loaded itself.
 * Threads:   one.
 */
#ifndef QETL_CORE_PATIENT_H
#define QETL_CORE_PATIENT_H

#include "doctor.h"
#include "pipeline/pipeline.h"
#include "state/examine.h"

struct qetl_patient {
    struct qetl_doctor *doctor;
    const char *name; /* of the folder */
    struct qetl_state_exam exam;
    json_t *facts; /* what the last decision said of the run; or NULL */
    const struct qetl_pipeline *pipeline;
    json_t *identity;                /* as the state has it, by component; or NULL */
    bool at_work;                    /* a process is */
    bool unfinished;                 /* the next run goes on */
    struct qetl_document *document;  /* loaded */
    struct qetl_pipeline *of_loaded; /* from that */
};

/* A text among the facts, or NULL. */
const char *qetl_patient_fact(const struct qetl_patient *, const char *key);

/* doctor_letters.c */
void qetl_doctor_letters(struct qetl_patient *);
/* doctor_outputs.c */
void qetl_doctor_outputs(struct qetl_patient *);

#endif
