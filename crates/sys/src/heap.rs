//! The heap of a program that exists a thousand times: a small one inside the executable's own memory,
//! and the C library's behind it.
//!
//! libc's malloc dirties a page here and a page there, each with page tables of its own; a supervisor
//! needs less than a page. What does not fit (a scanner's roster, a tool's table) comes from libc.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::{self, NonNull};
use std::sync::{Mutex, PoisonError};

use talc::base::Talc;
use talc::base::binning::DefaultBinning;
use talc::source::Claim;

/// Bytes of the small heap: more than a supervisor was seen to need (5 kB), and little enough that both ends
/// share their pages with the rest of the executable's data.
const SIZE: usize = 6 * 1024;

static mut MEMORY: [u8; SIZE] = [0; SIZE];

/// To be named as `#[global_allocator]` by an executable.
#[derive(Debug)]
pub struct Heap(Mutex<Talc<Claim, DefaultBinning>>);

impl Heap {
    /// The heap; there must be no other.
    pub const fn new() -> Heap {
        // SAFETY: `MEMORY` is touched by nobody else, provided that there is one heap, which a second
        // `#[global_allocator]` being an error of the compiler makes sure of.
        Heap(Mutex::new(Talc::new(unsafe { Claim::array(&raw mut MEMORY) })))
    }
}

impl Default for Heap {
    fn default() -> Heap {
        Heap::new()
    }
}

fn is_small(pointer: *mut u8) -> bool {
    let start = (&raw const MEMORY).addr();
    (start..start + SIZE).contains(&pointer.addr())
}

// SAFETY: every block comes from one of two allocators that keep the contract of GlobalAlloc, and goes
// back to the one whose memory it lies in. Neither unwinds.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let mut talc = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the caller's layout has a size of 1 or more.
        let block = unsafe { talc.allocate(layout) }.map_or(ptr::null_mut(), NonNull::as_ptr);
        drop(talc);
        // SAFETY: as above.
        if block.is_null() { unsafe { System.alloc(layout) } } else { block }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if is_small(block) {
            // SAFETY: it lies in talc's memory, so talc gave it, with this layout.
            unsafe { self.0.lock().unwrap_or_else(PoisonError::into_inner).deallocate(block, layout) };
        } else {
            // SAFETY: it does not lie in talc's memory, so System gave it, with this layout.
            unsafe { System.dealloc(block, layout) };
        }
    }
}
