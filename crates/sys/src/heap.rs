//! The heap of a program that exists a thousand times: a small one inside the executable's own memory,
//! and the C library's behind it.
//!
//! libc's malloc dirties a page here and a page there, each with page tables of its own; a supervisor
//! needs less than a page. What does not fit (a scanner's roster, a tool's table) comes from libc.
//!
//! When libc has nothing left, who can live without the memory ([`may_fail`], [`push`], [`append`]) is
//! told so, and everybody else gets some of a reserve: enough for what is made and dropped again on the
//! way to say so, and to try again later. When that is used up too, the program is told (`when_exhausted`).

use std::alloc::{GlobalAlloc, Layout, System};
use std::io;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use talc::base::Talc;
use talc::base::binning::DefaultBinning;
use talc::source::Claim;

/// Bytes of the small heap: more than a supervisor was seen to need (5 kB), and little enough that both ends
/// share their pages with the rest of the executable's data.
const SIZE: usize = 6 * 1024;

/// Bytes of the reserve. It is not there either until it is needed.
const RESERVE: usize = 32 * 1024;

static mut MEMORY: [u8; SIZE] = [0; SIZE];

static mut RESERVED: [u8; RESERVE] = [0; RESERVE];

static WHEN_EXHAUSTED: OnceLock<fn()> = OnceLock::new();

/// `WHEN_EXHAUSTED` was called: what it needs itself it does not get by being called again.
static IS_EXHAUSTED: AtomicBool = AtomicBool::new(false);

/// Whoever asks now can live without.
static MAY_FAIL: AtomicBool = AtomicBool::new(false);

/// To be named as `#[global_allocator]` by an executable.
#[derive(Debug)]
pub struct Heap {
    small: Mutex<Talc<Claim, DefaultBinning>>,
    reserve: Mutex<Talc<Claim, DefaultBinning>>,
}

/// Has `act` called when there is no memory for who cannot live without. If it returns, the program aborts.
pub fn when_exhausted(act: fn()) {
    let _ = WHEN_EXHAUSTED.set(act);
}

/// Leaves the reserve alone while `attempt` asks for memory, which takes "no" for an answer (`try_reserve`).
/// For programs of one thread.
pub fn may_fail<T>(attempt: impl FnOnce() -> T) -> T {
    let before = MAY_FAIL.swap(true, Ordering::Relaxed);
    let result = attempt();
    MAY_FAIL.store(before, Ordering::Relaxed);
    result
}

/// Adds an element to a list.
///
/// # Errors
/// `OutOfMemory`: the list is as it was.
pub fn push<T>(list: &mut Vec<T>, element: T) -> io::Result<()> {
    may_fail(|| list.try_reserve(1)).map_err(|_| io::ErrorKind::OutOfMemory)?;
    list.push(element);
    Ok(())
}

/// Adds bytes to a list.
///
/// # Errors
/// `OutOfMemory`: the list is as it was.
pub fn append(list: &mut Vec<u8>, bytes: &[u8]) -> io::Result<()> {
    may_fail(|| list.try_reserve(bytes.len())).map_err(|_| io::ErrorKind::OutOfMemory)?;
    list.extend_from_slice(bytes);
    Ok(())
}

impl Heap {
    /// The heap; there must be no other.
    pub const fn new() -> Heap {
        // SAFETY: `MEMORY` and `RESERVED` are touched by nobody else, provided that there is one heap, which
        // a second `#[global_allocator]` being an error of the compiler makes sure of.
        let (small, reserve) = unsafe { (Claim::array(&raw mut MEMORY), Claim::array(&raw mut RESERVED)) };
        Heap { small: Mutex::new(Talc::new(small)), reserve: Mutex::new(Talc::new(reserve)) }
    }
}

impl Default for Heap {
    fn default() -> Heap {
        Heap::new()
    }
}

fn is_in<const N: usize>(memory: *const [u8; N], pointer: *mut u8) -> bool {
    (memory.addr()..memory.addr() + N).contains(&pointer.addr())
}

/// A block of one of our own heaps; null if it has none.
///
/// # Safety
/// `layout` has a size of 1 or more.
unsafe fn allocate(from: &Mutex<Talc<Claim, DefaultBinning>>, layout: Layout) -> *mut u8 {
    let mut talc = from.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: the layout is the caller's word.
    unsafe { talc.allocate(layout) }.map_or(ptr::null_mut(), NonNull::as_ptr)
}

// SAFETY: every block comes from one of three allocators that keep the contract of GlobalAlloc, and goes
// back to the one whose memory it lies in. None of them unwinds.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's layout has a size of 1 or more.
        let mut block = unsafe { allocate(&self.small, layout) };
        if block.is_null() {
            // SAFETY: as above.
            block = unsafe { System.alloc(layout) };
        }
        if block.is_null() && !MAY_FAIL.load(Ordering::Relaxed) {
            // SAFETY: as above.
            block = unsafe { allocate(&self.reserve, layout) };
            if block.is_null()
                && let Some(act) = WHEN_EXHAUSTED.get()
                && !IS_EXHAUSTED.swap(true, Ordering::Relaxed)
            {
                act();
            }
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let own = if is_in(&raw const MEMORY, block) {
            &self.small
        } else if is_in(&raw const RESERVED, block) {
            &self.reserve
        } else {
            // SAFETY: it does not lie in talc's memory, so System gave it, with this layout.
            return unsafe { System.dealloc(block, layout) };
        };
        // SAFETY: it lies in this talc's memory, so that gave it, with this layout.
        unsafe { own.lock().unwrap_or_else(PoisonError::into_inner).deallocate(block, layout) };
    }
}
