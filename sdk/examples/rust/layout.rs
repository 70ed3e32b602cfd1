// SPDX-License-Identifier: Apache-2.0
//! Prints where the fields of the bindings stand, as a C program that fails to compile unless they
//! stand there in the header, too.

#[path = "src/qetl/abi.rs"]
mod qetl;

fn main() {
    println!("#include <qetl/plugin.h>");
    for (name, field, at) in qetl::layout() {
        if field.is_empty() {
            println!("_Static_assert(sizeof(struct {name}) == {at}, \"size of {name}\");");
        } else {
            println!("_Static_assert(offsetof(struct {name}, {field}) == {at}, \"{name}.{field}\");");
        }
    }
    println!("_Static_assert(QETL_ABI_VERSION >= {}, \"version\");", qetl::ABI_VERSION);
    for (name, value) in [
        ("QETL_OK", qetl::OK),
        ("QETL_END", qetl::END),
        ("QETL_NEED_INPUT", qetl::NEED_INPUT),
        ("QETL_OUTPUT", qetl::OUTPUT),
        ("QETL_E_FATAL", qetl::E_FATAL),
        ("QETL_E_CONFIG", qetl::E_CONFIG),
        ("QETL_E_DATA", qetl::E_DATA),
        ("QETL_E_NO_MEMORY", qetl::E_NO_MEMORY),
        ("QETL_E_UNSUPPORTED", qetl::E_UNSUPPORTED),
        ("QETL_TRANSFORM", qetl::TRANSFORM as i32),
        ("QETL_FORM_VALUE", qetl::FORM_VALUE as i32),
        ("QETL_ROWS_SUBSET", qetl::ROWS_SUBSET as i32),
        ("QETL_EVENT_BATCH", qetl::EVENT_BATCH as i32),
        ("QETL_EVENT_END", qetl::EVENT_END as i32),
        ("ARROW_FLAG_NULLABLE", qetl::FLAG_NULLABLE as i32),
    ] {
        println!("_Static_assert({name} == {value}, \"{name}\");");
    }
}
