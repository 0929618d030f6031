//! See the library.
fn main() -> std::process::ExitCode {
    supervise::main(std::env::args_os().collect())
}
