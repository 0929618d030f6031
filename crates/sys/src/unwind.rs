//! No stack is walked here.
//!
//! A panic aborts, and the static build has no unwind tables, so the standard library's printer of backtraces would
//! find nothing; yet it is 250 kB of the executable, with a DWARF parser and an unwinder. What it would ask the
//! unwinder is answered here instead: the stack has no frame. What is never called is then not linked.
//!
//! Source: the Itanium C++ ABI, exception handling, 1.2 and 1.5, for the names.

use core::ffi::{c_int, c_void};

/// `_URC_END_OF_STACK`.
const END_OF_STACK: c_int = 5;

/// Calls `_each` for every frame, of which there is none.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Backtrace(
    _each: extern "C" fn(*mut c_void, *mut c_void) -> c_int,
    _argument: *mut c_void,
) -> c_int {
    END_OF_STACK
}

/// What only an unwinder calls, which is not here: the landing pads of a library that was compiled to unwind refer to
/// them.
macro_rules! never_called {
    ($($name:ident)*) => { $(
        #[unsafe(no_mangle)]
        extern "C" fn $name() -> ! {
            std::process::abort()
        }
    )* };
}

never_called! {
    _Unwind_GetDataRelBase
    _Unwind_GetIPInfo
    _Unwind_GetLanguageSpecificData
    _Unwind_GetRegionStart
    _Unwind_GetTextRelBase
    _Unwind_Resume
    _Unwind_SetGR
    _Unwind_SetIP
}
