//! See the library.
fn main() -> std::process::ExitCode {
    svscan::main(std::env::args_os().collect())
}
