//! See the library. A static release starts without the standard library (`sys::start`).

#![cfg_attr(all(panic = "abort", target_env = "musl", not(debug_assertions)), no_main)]

#[global_allocator]
static HEAP: sys::heap::Heap = sys::heap::Heap::new();

#[cfg(all(panic = "abort", target_env = "musl", not(debug_assertions)))]
sys::start!(svbox::main);

#[cfg(not(all(panic = "abort", target_env = "musl", not(debug_assertions))))]
fn main() -> std::process::ExitCode {
    svbox::main(std::env::args_os().collect())
}
