//! The heap of a program that exists a thousand times: a small one inside the executable's own memory,
//! and the C library's behind it.
//!
//! libc's malloc dirties a page here and a page there, each with page tables of its own; a supervisor
//! needs less than a page. What does not fit (a scanner's roster, a tool's table) comes from libc.
//!
//! When libc has nothing left, who can live without the memory ([`may_fail`], [`push`], [`append`]) is
//! told so, and everybody else gets some of a reserve: enough for what is made and dropped again on the
//! way to say so, and to try again later. When that is used up too, the program is told (`when_exhausted`). One
//! that has no reserve, and must not end, waits until there is memory again (`wait_when_exhausted`).

use std::alloc::{GlobalAlloc, Layout, System};
use std::io;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use talc::base::Talc;
use talc::base::binning::DefaultBinning;
use talc::source::{Claim, Manual, Source};

use crate::poll;

/// Bytes of the small heap: more than a supervisor was seen to need (3.5 kB), and little enough that both ends
/// share their pages with the rest of the executable's data.
const SIZE: usize = 4608;

/// Bytes of the reserve, which only a program has that asks for it (`when_exhausted`).
const RESERVE_SIZE: usize = 32 * 1024;

static mut MEMORY: [u8; SIZE] = [0; SIZE];

static RESERVE: Mutex<Talc<Manual, DefaultBinning>> = Mutex::new(Talc::new(Manual));

/// Where the reserve is; 0: nowhere.
static RESERVE_START: AtomicUsize = AtomicUsize::new(0);

static WHEN_EXHAUSTED: Mutex<Option<fn()>> = Mutex::new(None);

/// After that it waits.
static WAITS: AtomicBool = AtomicBool::new(false);

/// `WHEN_EXHAUSTED` was called: what it needs itself it does not get by being called again.
static IS_EXHAUSTED: AtomicBool = AtomicBool::new(false);

/// Whoever asks now can live without.
static MAY_FAIL: AtomicBool = AtomicBool::new(false);

/// To be named as `#[global_allocator]` by an executable.
#[derive(Debug)]
pub struct Heap(Mutex<Talc<Claim, DefaultBinning>>);

/// Lays a reserve aside, and has `act` called when that is used up, too. If it returns, the program aborts.
/// To be called once.
pub fn when_exhausted(act: fn()) {
    end_when_exhausted(act);
    if RESERVE_START.load(Ordering::Relaxed) != 0 {
        return;
    }
    let mut reserve = vec![0_u8; RESERVE_SIZE];
    // Each page is written now: an address without a page behind it is no reserve.
    reserve.fill(1);
    let reserve = reserve.leak().as_mut_ptr();
    RESERVE_START.store(reserve.addr(), Ordering::Relaxed);
    // SAFETY: the block was leaked to be talc's for ever, and nobody else has a pointer to it.
    unsafe { lock(&RESERVE).claim(reserve, RESERVE_SIZE) };
}

/// Has `act` called when the memory is used up for the first time; whoever asks for some waits until there is some again.
/// For programs that must not end, and have nothing better to do without it.
pub fn wait_when_exhausted(act: fn()) {
    end_when_exhausted(act);
    WAITS.store(true, Ordering::Relaxed);
}

/// Has `act` called when the memory is used up. If it returns, the program aborts. The last one who asks is heard.
pub fn end_when_exhausted(act: fn()) {
    *lock(&WHEN_EXHAUSTED) = Some(act);
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
        // SAFETY: `MEMORY` is touched by nobody else, provided that there is one heap, which a second
        // `#[global_allocator]` being an error of the compiler makes sure of.
        Heap(Mutex::new(Talc::new(unsafe { Claim::array(&raw mut MEMORY) })))
    }
}

impl Heap {
    /// A block of the small heap, or of libc's; null if neither has one.
    ///
    /// # Safety
    /// `layout` has a size of 1 or more.
    unsafe fn take(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the layout is the caller's word.
        let block = unsafe { allocate(&self.0, layout) };
        // SAFETY: as above.
        if block.is_null() { unsafe { System.alloc(layout) } } else { block }
    }
}

impl Default for Heap {
    fn default() -> Heap {
        Heap::new()
    }
}

fn is_in(start: usize, size: usize, block: *mut u8) -> bool {
    start != 0 && (start..start + size).contains(&block.addr())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn copy_of<T: Copy>(mutex: &Mutex<T>) -> T {
    *lock(mutex)
}

/// A block of one of our own heaps; null if it has none.
///
/// # Safety
/// `layout` has a size of 1 or more.
unsafe fn allocate<S: Source>(from: &Mutex<Talc<S, DefaultBinning>>, layout: Layout) -> *mut u8 {
    // SAFETY: the layout is the caller's word.
    unsafe { lock(from).allocate(layout) }.map_or(ptr::null_mut(), NonNull::as_ptr)
}

// SAFETY: every block comes from one of three allocators that keep the contract of GlobalAlloc, and goes
// back to the one whose memory it lies in. None of them unwinds.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's layout has a size of 1 or more.
        let mut block = unsafe { self.take(layout) };
        if block.is_null() && !MAY_FAIL.load(Ordering::Relaxed) {
            // SAFETY: as above.
            block = unsafe { allocate(&RESERVE, layout) };
            if block.is_null()
                && !IS_EXHAUSTED.swap(true, Ordering::Relaxed)
                && let Some(act) = copy_of(&WHEN_EXHAUSTED)
            {
                act();
            }
            while block.is_null() && WAITS.load(Ordering::Relaxed) {
                poll::pause();
                // SAFETY: as above.
                block = unsafe { self.take(layout) };
            }
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: whose memory it lies in, that one gave it, with this layout.
        unsafe {
            if is_in((&raw const MEMORY).addr(), SIZE, block) {
                lock(&self.0).deallocate(block, layout);
            } else if is_in(RESERVE_START.load(Ordering::Relaxed), RESERVE_SIZE, block) {
                lock(&RESERVE).deallocate(block, layout);
            } else {
                System.dealloc(block, layout);
            }
        }
    }
}
