// SPDX-License-Identifier: Apache-2.0
//! No memory. Rust ends the process where an allocation fails, and with it all that others run in it. So a reserve is kept: a
//! call that finds no memory goes on with that, and the plugin's next call answers E_NO_MEMORY, upon which the host ends the
//! run in good order. What the reserve cannot hold ends the process still: ask for what may be large with `try_reserve`, or of
//! the host (`buffer_alloc`).

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const SIZE: usize = 256 << 10;

#[repr(align(64))]
struct Reserve {
    bytes: UnsafeCell<[u8; SIZE]>,
    /// How many blocks are in use, and in the lower half how many bytes are: these are all free again with the last block.
    used: AtomicU64,
    short: AtomicBool,
}

unsafe impl Sync for Reserve {}

#[global_allocator]
static RESERVE: Reserve = Reserve { bytes: UnsafeCell::new([0; SIZE]), used: AtomicU64::new(0), short: AtomicBool::new(false) };

/// Whether memory was short since this was asked last.
pub fn was_short() -> bool {
    RESERVE.short.load(Ordering::Relaxed) && RESERVE.short.swap(false, Ordering::Relaxed)
}

impl Reserve {
    fn begin(&self) -> *mut u8 {
        self.bytes.get() as *mut u8
    }

    fn holds(&self, block: *mut u8) -> bool {
        (block as usize).wrapping_sub(self.begin() as usize) < SIZE
    }

    unsafe fn take(&self, layout: Layout) -> *mut u8 {
        self.short.store(true, Ordering::Relaxed);
        let mut at = 0;
        let taken = self.used.fetch_update(Ordering::Acquire, Ordering::Relaxed, |used| {
            at = ((used as u32 as usize) + layout.align() - 1) & !(layout.align() - 1);
            let end = at.checked_add(layout.size()).filter(|end| *end <= SIZE && layout.align() <= 64)?;
            Some(((used >> 32) + 1) << 32 | end as u64)
        });
        if taken.is_ok() {
            self.begin().add(at)
        } else {
            null_mut()
        }
    }

    fn give_back(&self) {
        let _ = self.used.fetch_update(Ordering::Release, Ordering::Relaxed, |used| {
            Some(if used >> 32 == 1 { 0 } else { used - (1 << 32) })
        });
    }
}

unsafe impl GlobalAlloc for Reserve {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = System.alloc(layout);
        if block.is_null() {
            self.take(layout)
        } else {
            block
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let block = System.alloc_zeroed(layout);
        if !block.is_null() {
            return block;
        }
        let block = self.take(layout);
        if !block.is_null() {
            block.write_bytes(0, layout.size());
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if self.holds(block) {
            self.give_back();
        } else {
            System.dealloc(block, layout);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let grown = if self.holds(block) { null_mut() } else { System.realloc(block, layout, size) };
        if !grown.is_null() {
            return grown;
        }
        let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
        if !moved.is_null() {
            moved.copy_from_nonoverlapping(block, layout.size().min(size));
            self.dealloc(block, layout);
        }
        moved
    }
}
